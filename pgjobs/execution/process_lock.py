"""The proof that a process lives while it runs a job itself, outside any worker: an advisory lock.

PostgreSQL drops a session's advisory locks as soon as it notices that the connection is gone. For a
killed process this is at once. The view ``pgjobs_running`` and the janitor look for the lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connections

from pgjobs.conf import get_settings
from pgjobs.sql import load


@contextmanager
def held_here(connection: Any, job_id: int) -> Iterator[None]:
    """Hold the lock of a job that this process runs itself.

    Inside a transaction no lock is taken: no other session sees the running row, and if the process
    dies, PostgreSQL rolls the row back.
    """
    if connection.in_atomic_block:
        yield
        return
    job = {"job": job_id % 2**31}  # the second key of an advisory lock has 32 bits
    if not _lock_in_session(connection, job):
        with _held_past_pooler(connection, job):
            yield
        return
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(load("in_process/unlock_in_session"), job)


def _lock_in_session(connection: Any, job: dict[str, int]) -> bool:
    """Take the lock, and return True; return False without a lock behind a pooler."""
    with connection.cursor() as cursor:
        client_pid = connection.connection.info.backend_pid
        cursor.execute(load("in_process/lock_in_session"), {**job, "client_pid": client_pid})
        return cursor.fetchone() is not None


@contextmanager
def _held_past_pooler(connection: Any, job: dict[str, int]) -> Iterator[None]:
    """Hold the lock in a transaction on a connection of its own.

    While the transaction is open, a pooler lends the session to no other client. The transaction
    ends with the process. It reads no rows, so it holds back no vacuum.
    """
    holder = connections.create_connection(get_settings().DIRECT_DATABASE or connection.alias)
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            # A limit on idle transactions would end the lock before the job ends.
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            if holder.connection.info.server_version >= 170000:
                cursor.execute("SET LOCAL transaction_timeout = 0")
            cursor.execute(load("in_process/lock_in_transaction"), job)
        yield
    finally:
        holder.close()
