"""How the doctor reads the database."""

from __future__ import annotations

from typing import Any, Final

from django.db import connections

from pgjobs.sql import load

_PATIENCE: Final = "2s"
"""How long a look waits for a lock."""


def read(using: str, name: str, **params: Any) -> list[tuple[Any, ...]]:
    """Return the rows of the statement ``name``, such as ``doctor/tables``."""
    with connections[using].cursor() as cursor:
        cursor.execute(load(name), params or None)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def be_impatient(using: str) -> None:
    """Let no statement of the current transaction wait long for a lock."""
    read(using, "doctor/patience", longest=_PATIENCE)
