"""The test suite's settings with tasks that run at once, unless a call names the backend `jobs`."""

from __future__ import annotations

import django

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as APPS_OF_TESTS

INSTALLED_APPS = [*APPS_OF_TESTS, "tests.apps.lettered"]

FRAMEWORK = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
TASKS = {
    "default": {
        "BACKEND": f"{FRAMEWORK}.backends.immediate.ImmediateBackend",
        "QUEUES": ["default", "letters"],
    },
    "jobs": {"BACKEND": "pgjobs.backends.PgJobsBackend"},
}
