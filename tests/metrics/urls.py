"""The addresses of a project that includes the metrics."""

from __future__ import annotations

from django.urls import include, path

from tests.urls import urlpatterns as pages

urlpatterns = [*pages, path("jobs/", include("pgjobs.metrics.urls"))]
