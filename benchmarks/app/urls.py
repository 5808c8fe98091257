"""The addresses of the pages, for the time that they take."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("jobs/", include("pgjobs.urls"))]
