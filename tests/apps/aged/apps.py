"""An app that takes from a worker what releases before the journal did not have."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig


class AgedConfig(AppConfig):
    name = "tests.apps.aged"

    def ready(self) -> None:
        from pgjobs.worker.liveness.bulk_actions import BulkActions

        def look(*_: Any) -> None:
            """Look for no bulk action."""

        BulkActions.look = look  # type: ignore[assignment, method-assign]
