"""The sessions of a worker on the server, and their end."""

from __future__ import annotations

import os

from tests.support.eventually import eventually
from tests.support.sql import query

ROLE = f"pgjobs_test_worker_{os.getpid()}"  # roles belong to the server, not to a database


def backends(name: str = "") -> list[int]:
    """Return the server's processes for all other connections to this database, or for the
    connections of this name."""
    # A transaction sees pg_stat_activity as it was at its first look, unless that is cleared.
    query("SELECT pg_stat_clear_snapshot()")
    rows = query(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND starts_with(application_name, %s)",
        name,
    )
    return [row["pid"] for row in rows]


def terminate(pids: list[int]) -> None:
    assert pids
    query("SELECT pg_terminate_backend(pid) FROM unnest(%s::int[]) AS pid", pids)
    eventually(lambda: not set(pids) & set(backends()))
