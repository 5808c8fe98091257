"""The connection of a caller, in which a job runs: the job must leave it as it found it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg.pq import TransactionStatus


@contextmanager
def usable_afterwards(connection: Any) -> Iterator[None]:
    """Leave ``connection`` usable to the caller after the job.

    If the job breaks the caller's transaction, roll back to the moment before the job. If there is
    no transaction, drop a connection that the job broke.
    """
    if (savepoint := connection.savepoint()) is None:  # there is no transaction
        try:
            yield
        finally:
            _drop_unusable(connection)
        return
    try:
        yield
    finally:
        status = connection.connection.info.transaction_status
        if connection.needs_rollback or status == TransactionStatus.INERROR:
            connection.needs_rollback = False  # first, or the rollback itself is refused
            connection.savepoint_rollback(savepoint)
        else:
            connection.savepoint_commit(savepoint)


def end_transaction(connection: Any) -> bool:
    """Roll back what a job left open on ``connection``; return whether there was anything.

    If it stayed open, the outcome would be written into it, and the caller's next transaction
    would fail.
    """
    if (raw := connection.connection) is None:
        return False
    left_open = connection.in_atomic_block or raw.info.transaction_status in (
        TransactionStatus.INTRANS,
        TransactionStatus.INERROR,
    )
    if left_open or not connection.get_autocommit():
        connection.in_atomic_block = False
        connection.close()
    return left_open


def _drop_unusable(connection: Any) -> None:
    """Close ``connection`` if it can take no statement; Django opens a new one for the next.

    If it stayed, the outcome could not be written, and a worker would end the job as an orphan.
    """
    raw = connection.connection
    unusable = (TransactionStatus.ACTIVE, TransactionStatus.UNKNOWN)  # cut short by Ctrl-C, or lost
    if raw is not None and raw.info.transaction_status in unusable:
        connection.close()
