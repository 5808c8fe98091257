"""Plain SQL in tests, as somebody at psql would write it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


def query(sql: str, *params: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params or None)
        if cursor.description is None:
            return []
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def view(name: str, key: int) -> dict[str, Any]:
    """Return the row of an inspection view with this id."""
    (row,) = query(f"SELECT * FROM pgjobs_{name} WHERE id = %s", key)
    return row


def plan(sql: str) -> str:
    return "\n".join(row["QUERY PLAN"] for row in query(f"EXPLAIN {sql}"))


def advisory_locks() -> list[dict[str, Any]]:
    """Return who holds one or waits for it, in this database: the server may have others."""
    return query(
        "SELECT * FROM pg_locks WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )


@contextmanager
def advisory_lock(*key: int) -> Iterator[None]:
    """Hold a lock in a session of its own, as a living process does."""
    params = {
        name: value
        for name, value in connection.get_connection_params().items()
        if name not in ("cursor_factory", "context")
    }
    with psycopg.connect(**params, autocommit=True) as session:
        session.execute("SELECT pg_advisory_lock(%s, %s)", key)
        yield
