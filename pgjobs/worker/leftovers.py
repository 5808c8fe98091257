"""Cleans up the Django connections that user code leaves in its thread.

A sound connection stays open from job to job, with its session's state: a new connection for each
job, or a reset of its session, would take longer than most jobs. If Django keeps a pool, the
connection goes back to the pool after each job. The slots could otherwise keep all connections of
the pool, and the next job would wait for one until it times out.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async
from django.db import connections
from django.db.backends.signals import connection_created
from psycopg.pq import TransactionStatus

from pgjobs import events
from pgjobs.exceptions import JobInterrupted, TransactionLeftOpen


def drop_dead() -> None:
    """Drop the connections of this thread that the server has ended.

    If they stayed, each thread would fail one job after a restart of the server.
    """
    for connection in connections.all(initialized_only=True):
        with _forgotten_if_broken(connection):
            if connection.connection is not None and _has_ended(connection):
                connection.close()


def leave_clean() -> bool:
    """Drop the connections of this thread that are broken, inside a transaction, or of a pool.

    Return whether a transaction was open. Its writes are lost.
    """
    left_open = False
    for connection in connections.all(initialized_only=True):
        with _forgotten_if_broken(connection):
            left_open |= _leave_clean(connection)
    return left_open


def _leave_clean(connection: Any) -> bool:
    if connection.connection is None:
        return False
    status = _transaction_status(connection)
    if (
        status != TransactionStatus.IDLE
        or connection.in_atomic_block
        or connection.errors_occurred
        or not _is_set_up(connection)
        or not connection.get_autocommit()
        or connection.settings_dict["OPTIONS"].get("pool")
    ):
        connection.in_atomic_block = False
        connection.close()
    return status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)


@contextmanager
def _forgotten_if_broken(connection: Any) -> Iterator[None]:
    """Let Django make a new connection if even the close of ``connection`` raises.

    The driver of another database may raise, and a job may have put anything in its place. The
    exception would end the thread of the slot, and with it the worker.
    """
    try:
        yield
    except JobInterrupted:
        raise
    except Exception as error:
        events.tell(events.ConnectionBroken(connection.alias, error))
        del connections[connection.alias]


class OwnThread(ThreadSensitiveContext):
    """Gives a coroutine its own thread for synchronous calls, as Django does for a request.

    Without it, all coroutines of a process would share one thread and one connection. They would
    wait for each other's queries, and find the transactions that another job left open. The
    connection ends with the job.

    Raises TransactionLeftOpen if the coroutine ends well but leaves a transaction open.
    """

    def enter(self) -> None:
        """Begin, in the place of ``async with``, which takes six times as long.

        At the end, if it is used, ``__aexit__()`` is to be called.
        """
        self.token = SyncToAsync.thread_sensitive_context.set(self)

    @property
    def is_used(self) -> bool:
        """Whether the coroutine has made synchronous calls."""
        return self in SyncToAsync.context_to_thread_executor

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        left_open = False
        try:
            if self.is_used:
                left_open = await sync_to_async(_close_all)()
        finally:
            await super().__aexit__(kind, error, trace)  # type: ignore[no-untyped-call]
        if left_open and error is None:
            raise TransactionLeftOpen


def _close_all() -> bool:
    left_open = leave_clean()
    connections.close_all()
    return left_open


def close_connections() -> None:
    """Close the project's connections: no two processes may use one session of the server."""
    connections.close_all()
    for connection in connections.all(initialized_only=True):
        if (close_pool := getattr(connection, "close_pool", None)) is not None:
            close_pool()


def _has_ended(connection: Any) -> bool:
    """Return whether the server has ended the idle ``connection``.

    On an idle connection the server sends nothing but its end.
    """
    if connection.vendor != "postgresql":
        return False
    if connection.connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _note_set_up(connection: Any, **_: Any) -> None:
    if connection.settings_dict["OPTIONS"].get("pool") and _has_ended(connection):
        # A pool hands out what lies in it, unless CONN_HEALTH_CHECKS asks for a look. It takes a
        # closed connection for a lost one, and opens another one in its place.
        connection.connection.close()
        connection.close()
        connection.connect()
        return
    connection.pgjobs_set_up = connection.connection


connection_created.connect(_note_set_up, dispatch_uid="pgjobs.leftovers")


def _is_set_up(connection: Any) -> bool:
    """Return whether Django finished setting up ``connection``.

    Django keeps a connection whose set-up failed and uses it later. With ``assume_role``, for
    example, such a connection lacks the role.
    """
    return getattr(connection, "pgjobs_set_up", None) is connection.connection


def _transaction_status(connection: Any) -> TransactionStatus:
    if connection.vendor != "postgresql":
        return TransactionStatus.IDLE
    status: TransactionStatus = connection.connection.info.transaction_status
    return status
