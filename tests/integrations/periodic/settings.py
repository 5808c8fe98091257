"""A project whose tasks django-scheduled-tasks enqueues."""

from __future__ import annotations

from tests.integrations.settings import *  # noqa: F403
from tests.integrations.settings import APPS

INSTALLED_APPS = ["tests.integrations.periodic", "django_scheduled_tasks", *APPS]
