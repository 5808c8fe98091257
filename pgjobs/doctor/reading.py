"""How the doctor reads the database."""

from __future__ import annotations

from typing import Any

from django.db import connections

from pgjobs.sql import load


def read(using: str, name: str, **params: Any) -> list[tuple[Any, ...]]:
    """Return the rows of the statement ``name``, such as ``doctor/tables``."""
    with connections[using].cursor() as cursor:
        cursor.execute(load(name), params or None)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
