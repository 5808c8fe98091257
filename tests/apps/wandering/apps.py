from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created


def _go_elsewhere(connection: Any, **_: Any) -> None:
    connection.connection.execute("SET search_path = another_site, public")


class WanderingAppConfig(AppConfig):
    """Leads Django's connections to another schema than those of a worker."""

    name = "tests.apps.wandering"

    def ready(self) -> None:
        connection_created.connect(_go_elsewhere)
