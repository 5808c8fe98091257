"""The addresses of metrics and health, for ``path("pgjobs/", include("pgjobs.metrics.urls"))``."""

from __future__ import annotations

from django.urls import path

from pgjobs.metrics.views import health, metrics

app_name = "pgjobs-metrics"
urlpatterns = [path("metrics", metrics, name="metrics"), path("health", health, name="health")]
