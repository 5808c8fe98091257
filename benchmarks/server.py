"""The PostgreSQL on which pgjobs and all peers are measured. It is durable."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg

from example_project.postgres import EmbeddedPostgres

SETTINGS: Final = {
    "fsync": "on",
    "synchronous_commit": "on",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "max_connections": "800",
    "shared_preload_libraries": "pg_stat_statements",
}
_SHOWN: Final = (*SETTINGS, "autovacuum", "full_page_writes", "wal_compression", "work_mem")


@contextmanager
def running() -> Iterator[str]:
    """Start a server in a temporary directory, yield its URL, and stop it at the end."""
    with EmbeddedPostgres(settings=SETTINGS) as server:
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_stat_statements")
        yield server.url


def describe(url: str) -> dict[str, str]:
    """Return the server's version, and its values of the settings that affect its speed."""
    with psycopg.connect(url) as connection:
        shown = connection.execute(
            "SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY (%s) ORDER BY 1",
            [list(_SHOWN)],
        ).fetchall()
        version = connection.execute("SHOW server_version").fetchone()
    assert version is not None
    return {"PostgreSQL": version[0], **dict(shown)}
