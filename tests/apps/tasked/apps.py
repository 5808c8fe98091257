from __future__ import annotations

import os

from django.apps import AppConfig


class TaskedConfig(AppConfig):
    """Hears the signals of tasks; with SCHEDULED_TASKS it has tasks that run by the clock."""

    name = "tests.apps.tasked"

    def ready(self) -> None:
        from tests.apps.tasked import receivers

        receivers.connect()
        if "SCHEDULED_TASKS" in os.environ:
            from tests.apps.tasked import scheduled  # noqa: F401
