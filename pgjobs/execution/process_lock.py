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
_STARTED: Final = "pgjobs_started_here"
"""The attribute of a connection with the jobs that ``hold()`` holds locks for, by their ids. Each
value is the connection that holds the lock past a pooler, or None."""


@contextmanager
def held_here(connection: Any, job_id: int) -> Iterator[bool]:
    """Hold the lock of a job that this process runs itself; yield False if another session has it.

    Inside a transaction no lock is taken: no other session sees the running row, and if the process
    dies, PostgreSQL rolls the row back.
    """
    if connection.in_atomic_block:
        yield True
        return
    job = _key(job_id)
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
        _unlock(connection, job)


def hold(connection: Any, job_id: int) -> None:
    """Hold the lock of a job that this process has started, until ``let_go()`` or its end.

    If another session has the lock, that session counts as the sign of life.
    """
    job = _key(job_id)
    is_held = _lock_in_session(connection, job)
    holder = None
    if is_held is None:
        holder, is_held = _lock_past_pooler(connection, job)
    if not is_held:
        _close(holder)
        return
    connection.__dict__.setdefault(_STARTED, {})[job_id] = holder
    if holder is None:
        connection.__dict__.setdefault(_HELD, []).append(job)


def let_go(connection: Any, job_id: int) -> None:
    """Give up the lock that ``hold()`` has taken."""
    holder = connection.__dict__[_STARTED].pop(job_id)
    if holder is not None:
        _close(holder)
        return
    connection.__dict__[_HELD].remove(_key(job_id))
    _unlock(connection, _key(job_id))


def is_held_until_let_go(connection: Any, job_id: int) -> bool:
    return job_id in connection.__dict__.get(_STARTED, ())


def _key(job_id: int) -> dict[str, int]:
    return {"job": job_id % 2**31}  # the second key of an advisory lock has 32 bits


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


def _unlock(connection: Any, job: dict[str, int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(load("in_process/unlock_in_session"), job)


@contextmanager
def _held_past_pooler(connection: Any, job: dict[str, int]) -> Iterator[bool]:
    """Hold the lock on a connection of its own; yield whether it is held."""
    holder, is_held = _lock_past_pooler(connection, job)
    try:
        yield is_held
    finally:
        _close(holder)


def _lock_past_pooler(connection: Any, job: dict[str, int]) -> tuple[Any, bool]:
    """Try to take the lock in a transaction; return its connection, and whether it holds the lock.

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
    except BaseException:
        _close(holder)
        raise
    return holder, bool(is_held)


def _close(holder: Any) -> None:
    if holder is not None:
        holder.close()
