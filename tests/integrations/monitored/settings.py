"""A project whose tasks django-tasks-monitor records."""

from __future__ import annotations

from tests.integrations.settings import *  # noqa: F403
from tests.integrations.settings import APPS

INSTALLED_APPS = ["tests.integrations.monitored", "tasks_monitor", *APPS]
