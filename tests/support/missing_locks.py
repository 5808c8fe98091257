"""Dead workers as a janitor's statement finds them, on a server of a test's own."""

from __future__ import annotations

import psycopg

from example_project.postgres import EmbeddedPostgres
from pgjobs.sql import load

_REGISTER = """
INSERT INTO pgjobs_worker (name, hostname, pid, queues, concurrency)
VALUES ('w', 'h', 1, '{}', 1)
RETURNING id
"""


def register_a_worker(postgres: EmbeddedPostgres) -> int:
    """Register a worker that holds no lock, as after its death or before it reconnects."""
    with psycopg.connect(postgres.url) as connection:
        ((worker,),) = connection.execute(_REGISTER).fetchall()
    return int(worker)


def workers_without_lock(postgres: EmbeddedPostgres) -> dict[int, bool]:
    """Return the workers without a lock, and whether each has sent a heartbeat since all lost their
    connection."""
    with psycopg.connect(postgres.url) as connection:
        numbers = {"timeout": 3600, "reconnected_for": None}
        rows = connection.execute(load("rescue/suspects"), numbers).fetchall()
    return {worker: was_back for worker, _, _, was_back, _ in rows}
