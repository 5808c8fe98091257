from __future__ import annotations

from django.apps import AppConfig


class ClockAppConfig(AppConfig):
    """Sets up a system job in workers that are started with this app."""

    name = "tests.apps.clockapp"

    def ready(self) -> None:
        from tests.apps.testapp.jobs import Tracing

        Tracing.setup(interval=1, label="tick")
