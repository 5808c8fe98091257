"""An engine of DATABASES as packages make them: Django's own, with cursors that do more."""

from __future__ import annotations

from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Counts the statements, as packages for metrics do."""

    statements = 0

    def create_cursor(self, name: str | None = None) -> Any:
        type(self).statements += 1
        return super().create_cursor(name)
