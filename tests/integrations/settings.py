"""What the settings of all projects here have in common: pgjobs as the backend of tasks."""

from __future__ import annotations

from tests.settings import (
    DATABASES,
    DEFAULT_AUTO_FIELD,
    MIDDLEWARE,
    PGJOBS,
    SECRET_KEY,
    STATIC_URL,
    TEMPLATES,
    TIME_ZONE,
    USE_TZ,
)

__all__ = [
    "APPS",
    "DATABASES",
    "DEFAULT_AUTO_FIELD",
    "MIDDLEWARE",
    "MIGRATION_MODULES",
    "PGJOBS",
    "ROOT_URLCONF",
    "SECRET_KEY",
    "STATIC_URL",
    "TASKS",
    "TEMPLATES",
    "TIME_ZONE",
    "USE_TZ",
]

ROOT_URLCONF = "tests.integrations.urls"

APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "pgjobs",
]

TASKS = {"default": {"BACKEND": "pgjobs.backends.PgJobsBackend"}}


class OfProcrastinateAlone:
    """Says of each other app that it has no migrations: making tables from models takes less time.

    Only procrastinate's migrations make its functions.
    """

    def __contains__(self, label: str) -> bool:
        return label != "procrastinate"

    def __getitem__(self, label: str) -> None:
        return None


MIGRATION_MODULES = OfProcrastinateAlone()
