"""What user code leaves of Django's connections in the thread that ran it.

Sound connections stay open from job to job: a reconnect for each would cost more than
most jobs do.
"""

from __future__ import annotations

import select
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext, sync_to_async
from django.db import connections
from django.db.backends.signals import connection_created
from psycopg.pq import TransactionStatus

from pgjobs.exceptions import TransactionLeftOpen


def drop_dead() -> None:
    """Drop connections that ended while nobody used them, before user code finds out.

    After a restart of the server each thread would otherwise fail one job.
    """
    for connection in connections.all(initialized_only=True):
        if connection.connection is not None and _has_ended(connection):
            connection.close()


def leave_clean() -> bool:
    """Drop what is broken or inside a transaction, so that the next job starts afresh.

    Return whether a transaction was left open, which ends it unwritten.
    """
    left_open = False
    for connection in connections.all(initialized_only=True):
        if connection.connection is None:
            continue
        status = _transaction_status(connection)
        if (
            status != TransactionStatus.IDLE
            or connection.in_atomic_block
            or connection.errors_occurred
            or not _is_set_up(connection)
            or not connection.get_autocommit()
        ):
            connection.in_atomic_block = False
            connection.close()
        left_open |= status in (TransactionStatus.INTRANS, TransactionStatus.INERROR)
    return left_open


class OwnThread(ThreadSensitiveContext):
    """Give a coroutine a thread of its own for its synchronous calls, as Django gives a request.

    All coroutines of a process would else share one thread and one connection: wait for
    each other's queries, and suffer what another one left. The connection ends with the job.
    """

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        left_open = False
        try:
            if self in SyncToAsync.context_to_thread_executor:  # it made such calls
                left_open = await sync_to_async(_close_all)()
        finally:
            await super().__aexit__(kind, error, trace)  # type: ignore[no-untyped-call]
        if left_open and error is None:
            raise TransactionLeftOpen


def _close_all() -> bool:
    left_open = leave_clean()
    connections.close_all()
    return left_open


def _has_ended(connection: Any) -> bool:
    """A server says nothing on an idle connection, unless that it ends it."""
    if connection.vendor != "postgresql":
        return False
    if connection.connection.closed:
        return True
    poll = select.poll()
    poll.register(connection.connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _note_set_up(connection: Any, **_: Any) -> None:
    connection.pgjobs_set_up = connection.connection


connection_created.connect(_note_set_up, dispatch_uid="pgjobs.leftovers")


def _is_set_up(connection: Any) -> bool:
    """Django keeps a connection whose set-up failed, and later takes it for a good one, whatever
    it lacks: with ``assume_role``, the role."""
    return getattr(connection, "pgjobs_set_up", None) is connection.connection


def _transaction_status(connection: Any) -> TransactionStatus:
    if connection.vendor != "postgresql":
        return TransactionStatus.IDLE
    status: TransactionStatus = connection.connection.info.transaction_status
    return status
