"""The row of a worker, with its heartbeat and its session lock."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from typing import Any, Final, NamedTuple

import psycopg

from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness.rounds import OVERDUE
from pgjobs.worker.options import WorkerOptions

_MOST_DRAWS: Final = 1000
"""Ids that a worker draws before it pauses, while foreign sessions hold the locks of each."""

# A session holds a lock on a table that a heartbeat only reads, or `migrate` has not made it yet.
_UNREADABLE: Final = (psycopg.errors.LockNotAvailable, psycopg.ProgrammingError)


class Heard(NamedTuple):
    """The answer to a heartbeat."""

    rounds_are_made: bool
    order: str | None
    """The order to this worker: ``drain`` or ``restart``."""


class WorkerRow:
    """Makes, renews and ends the row of one worker.

    The session that beats also holds the lock, so that the lock is gone when the worker is. Behind
    a pooler there is no session to hold a lock, and the heartbeat alone proves that the worker
    lives.
    """

    def __init__(self, connection: EngineConnection, options: WorkerOptions) -> None:
        self._connection = connection
        self._options = options
        self._locked_on: psycopg.Connection[Any] | None = None
        self.id = 0

    def register(self) -> None:
        """Make a row with a new id, and take its lock.

        Raises psycopg.OperationalError if other sessions hold the locks of many new ids, and
        psycopg.DatabaseError if a trigger suppresses the INSERT.
        """
        connection = self._connection.get()
        for _ in range(_MOST_DRAWS):
            # An id whose lock is taken is used up, although its row is rolled back.
            with connection.transaction():
                if self._make_row(connection):
                    break
                raise psycopg.Rollback
        else:
            raise psycopg.OperationalError(
                f"other sessions hold the advisory locks of {_MOST_DRAWS} new workers; look for "
                "these sessions in pg_locks"
            )
        self._locked_on = connection

    def _make_row(self, connection: psycopg.Connection[Any]) -> bool:
        """Make a row with the next id, and return whether its lock is ours."""
        cursor = connection.execute(
            load("workers/register"),
            {
                "name": self._options.name,
                "hostname": socket.gethostname(),
                "pid": os.getpid(),
                "queues": list(self._options.queues),
                "concurrency": self._options.concurrency,
                "has_session": self._connection.has_session,
            },
        )
        row = cursor.fetchone()
        if row is None:
            raise psycopg.DatabaseError("a trigger of pgjobs_worker keeps the worker's row away")
        self.id, is_ours = row
        return bool(is_ours)

    @property
    def lost_its_lock(self) -> bool:
        """Whether the lock was held on a connection that is gone; opens a new connection."""
        return self._connection.get() is not self._locked_on

    def beat(self, *, draining: bool) -> Heard | None:
        """Renew the heartbeat, after the lock if it was lost; return None if the row has ended.

        The lock comes first: a rescuer concludes from a heartbeat after an outage that the worker
        has taken its lock again.
        """
        connection = self._connection.get()
        if connection is not self._locked_on and self._take_lock(connection):
            self._locked_on = connection
        values = {"id": self.id, "draining": draining, "overdue": OVERDUE}
        try:
            row = connection.execute(load("workers/beat"), values).fetchone()
        except _UNREADABLE:
            row = connection.execute(load("workers/beat_alone"), values).fetchone()
        return None if row is None else Heard(*row)

    def order(self) -> str | None:
        """Return the order to this worker, also if its row has ended."""
        row = None
        with suppress(*_UNREADABLE):
            connection = self._connection.get()
            row = connection.execute(load("workers/order_to"), {"id": self.id}).fetchone()
        return None if row is None else str(row[0])

    def end(self) -> None:
        """Sign off; if jobs are still running, the row stays, and other workers rescue the jobs."""
        self._connection.cursor().execute(load("workers/end"), {"id": self.id})

    def _take_lock(self, connection: psycopg.Connection[Any]) -> bool:
        """Take the session lock on the new ``connection``, and return whether it is held.

        It is not while the server has not noticed that the lost connection is gone, and keeps the
        lock for it. Behind a pooler no lock is needed: return True.
        """
        if not self._connection.has_session:
            return True
        row = connection.execute(load("workers/take_lock"), {"id": self.id}).fetchone()
        return row is not None and row[0]
