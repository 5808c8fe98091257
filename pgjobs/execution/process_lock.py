"""The proof that a process lives while it runs a job itself, outside any worker: an advisory lock.

PostgreSQL drops a session's advisory locks as soon as it notices that the connection is gone. For a
killed process this is at once. The view ``pgjobs_running`` and the janitor look for the lock.

A job may close its connection, and a server may end it. The next connection takes the lock again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connections
from django.db.backends.signals import connection_created

from pgjobs.conf import get_settings
from pgjobs.sql import load

_HELD: Final = "pgjobs_run_here"
"""The attribute of a connection with the jobs that run here, for which it holds locks."""


@contextmanager
def held_here(connection: Any, job_id: int) -> Iterator[bool]:
    """Hold the lock of a job that this process runs itself; yield False if another session has it.

    Inside a transaction no lock is taken: no other session sees the running row, and if the process
    dies, PostgreSQL rolls the row back.
    """
    if connection.in_atomic_block:
        yield True
        return
    job = {"job": job_id % 2**31}  # the second key of an advisory lock has 32 bits
    is_held = _lock_in_session(connection, job)
    if is_held is None:
        with _held_past_pooler(connection, job) as is_held:
            yield is_held
        return
    if not is_held:
        yield False
        return
    try:
        with _taken_again(connection, job):
            yield True
    finally:
        with connection.cursor() as cursor:
            cursor.execute(load("in_process/unlock_in_session"), job)


@contextmanager
def _taken_again(connection: Any, job: dict[str, int]) -> Iterator[None]:
    """Let each session that Django opens for ``connection`` take the lock of ``job``."""
    held = connection.__dict__.setdefault(_HELD, [])
    held.append(job)
    try:
        yield
    finally:
        held.remove(job)


def _take_again(connection: Any, **_: Any) -> None:
    for job in connection.__dict__.get(_HELD, ()):
        _lock_in_session(connection, job)


connection_created.connect(_take_again, dispatch_uid="pgjobs.process_lock")


def _lock_in_session(connection: Any, job: dict[str, int]) -> bool | None:
    """Try to take the lock; return whether it is held, or None behind a pooler."""
    with connection.cursor() as cursor:
        client_pid = connection.connection.info.backend_pid
        cursor.execute(load("in_process/lock_in_session"), {**job, "client_pid": client_pid})
        row = cursor.fetchone()
        return None if row is None else bool(row[0])


@contextmanager
def _held_past_pooler(connection: Any, job: dict[str, int]) -> Iterator[bool]:
    """Hold the lock in a transaction on a connection of its own; yield whether it is held.

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
            (is_held,) = cursor.fetchone()
        yield bool(is_held)
    finally:
        holder.close()
