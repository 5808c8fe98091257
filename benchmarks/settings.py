"""Settings of the benchmark, with the shorter log that docs/worker.md describes."""

from __future__ import annotations

import os

import dj_database_url

SECRET_KEY = "only for benchmarks"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATABASES = {"default": dj_database_url.parse(os.environ["DATABASE_URL"])}
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "procrastinate.contrib.django",
    "pgjobs",
    "benchmarks.app.apps.BenchmarkConfig",
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    "loggers": {"pgjobs": {"handlers": ["console"], "level": "WARNING"}},
}
