"""A project whose data django-maintenance-tasks changes batch by batch."""

from __future__ import annotations

from tests.integrations.settings import *  # noqa: F403
from tests.integrations.settings import APPS

INSTALLED_APPS = ["tests.integrations.maintained", "maintenance_tasks", *APPS]

# Each batch enqueues its successor.
MAINTENANCE_TASKS = {"MAX_RUNTIME": 0}
