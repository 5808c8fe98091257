"""Plain SQL in tests, as typed into psql."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import psycopg
from django.db import connections


def query(sql: str, *params: Any, using: str = "default") -> list[dict[str, Any]]:
    with connections[using].cursor() as cursor:
        cursor.execute(sql, params or None)
        if cursor.description is None:
            return []
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def ask(url: str, sql: str, *params: Any, **session: Any) -> list[Any]:
    """Return the rows of a query in a session of its own on the server at ``url``."""
    with closing(psycopg.connect(url, autocommit=True, **session)) as opened:
        cursor = opened.execute(sql.encode(), params or None)
        return cursor.fetchall() if cursor.description else []


def ask_for_one(url: str, sql: str, *params: Any) -> Any:
    """Return the first column of the first row; None without a row."""
    rows = ask(url, sql, *params)
    return rows[0][0] if rows else None


def database_now() -> datetime:
    (row,) = query("SELECT statement_timestamp() AS now")
    now: datetime = row["now"]
    return now


def transactions() -> int:
    """Return the number of transactions that this database has seen, as far as sessions have
    reported it."""
    (row,) = query(
        "SELECT xact_commit + xact_rollback AS total FROM pg_stat_database "
        "WHERE datname = current_database()"
    )
    return int(row["total"])


def idle_workers() -> list[int]:
    """Return the workers that wait for the doorbell, the longest wait first."""
    rows = query("SELECT worker_id FROM pgjobs_doorbell ORDER BY since")
    return [row["worker_id"] for row in rows]


def job_row(job: int, *, without: str = "id position created") -> dict[str, Any]:
    """Return the row of a job without the columns in which any two jobs differ."""
    (row,) = query("SELECT * FROM pgjobs_job WHERE id = %s", job)
    return {name: value for name, value in row.items() if name not in without.split()}


def task_status(task: int) -> str:
    """Return the status of a task of procrastinate."""
    (row,) = query("SELECT status FROM procrastinate_jobs WHERE id = %s", task)
    return str(row["status"])


def view(name: str, key: int) -> dict[str, Any]:
    """Return the row of an inspection view with this id."""
    (row,) = query(f"SELECT * FROM pgjobs_{name} WHERE id = %s", key)
    return row


def plan(sql: str) -> str:
    return "\n".join(row["QUERY PLAN"] for row in query(f"EXPLAIN {sql}"))


def advisory_locks() -> list[dict[str, Any]]:
    """Return the advisory locks and the waits for them in this database, without the server's
    others."""
    return query(
        "SELECT * FROM pg_locks WHERE locktype = 'advisory' AND database = "
        "(SELECT oid FROM pg_database WHERE datname = current_database())"
    )


@contextmanager
def advisory_lock(*key: int, shared: bool = False) -> Iterator[None]:
    """Hold a lock in a session of its own, as a living process does; or share it with others."""
    params = {
        name: value
        for name, value in connections["default"].get_connection_params().items()
        if name not in ("cursor_factory", "context")
    }
    with psycopg.connect(**params, autocommit=True) as session:
        take = "pg_advisory_lock_shared" if shared else "pg_advisory_lock"
        session.execute(f"SELECT {take}(%s, %s)".encode(), key)
        yield
        # The server lets go of the locks of a closed session some time after its end.
        session.execute("SELECT pg_advisory_unlock_all()")
