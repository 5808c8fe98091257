"""The doorbell as an idle worker uses it: sit down beside it, wait for a ring, get up."""

from __future__ import annotations

import math
import time
from typing import Any, Final

import psycopg

from pgjobs.enqueueing.ring import SHORT_TRANSACTION
from pgjobs.enqueueing.wake import wake_idle_workers
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.wakeup import Wakeup

_SECOND_LOOK: Final = SHORT_TRANSACTION + 0.01
"""Seconds after sitting down: later than an enqueuer leaves out its ring, with a margin for clocks
that drift."""


class Doorbell:
    """Registers one worker as idle, so that an enqueuer can wake it.

    The worker registers, looks once more, then sleeps. It overlooks no job, whenever an enqueuer
    inserts and commits:

    - If the enqueuer commits before this look, the look finds the job.
    - If it inserts after the registration, its INSERT sees the registration, and it rings.
    - If it inserted before the registration and commits after the look, a second look finds the
      job.
    - If it inserted before the registration and commits even after the second look, its transaction
      is long, and it rings in any case.

    Behind a pooler a worker can't listen. It does not register there, so that it takes no ring from
    another worker, and looks again and again.
    """

    def __init__(self, connection: EngineConnection, queues: tuple[str, ...]) -> None:
        self._connection = connection
        self._queues = queues
        self._listening: tuple[psycopg.Connection[Any], int] | None = None
        self._sat_down = -math.inf
        self._worker = 0
        self.is_waiting = False
        self.has_rung = False
        """A ring arrived with the answer to a statement, so a wait for it would be in vain."""

    def sit_down(self, worker: int) -> None:
        """Register ``worker`` as idle."""
        self._connection.get()  # only an open connection knows whether it has a session
        if self._connection.has_session:
            self._listen(worker)
            self._connection.cursor().execute(
                load("doorbell/sit_down"), {"worker": worker, "queues": list(self._queues)}
            )
            self._sat_down = time.monotonic()
        self._worker = worker
        self.is_waiting = True

    def is_waiting_as(self, worker: int) -> bool:
        """Return whether ``worker`` is registered; a registration under a former id is none."""
        return self.is_waiting and self._worker == worker

    @property
    def can_ring(self) -> bool:
        """Whether a ring can wake this worker."""
        return self._connection.has_session

    def second_look_in(self, looked: float) -> float:
        """Return the seconds until the second look is due, or infinity if none is needed.

        ``looked`` is the ``time.monotonic()`` of the last look. If this look came after the due
        time, it was the second look already.
        """
        due = self._sat_down + _SECOND_LOOK
        return max(due - time.monotonic(), 0.001) if looked < due else math.inf

    def get_up(self, worker: int) -> None:
        """End the registration, so that no ring is spent on a worker that has no room."""
        if self.is_waiting:
            self.is_waiting = False
            if self._connection.has_session:
                self._connection.cursor().execute(load("doorbell/get_up"), {"worker": worker})

    def wait(self, wakeup: Wakeup, timeout: float) -> bool:
        """Wait ``timeout`` seconds, a ring or ``wakeup``; return whether a ring came."""
        if not (self.has_rung or wakeup.wait(timeout, self._connection.current)):
            return False
        self.forget()
        return True

    def forget(self) -> None:
        """Note that the registration is gone: the ring took it, or the connection is lost."""
        self.is_waiting = self.has_rung = False

    def ring(self, queues: list[str]) -> None:
        """Wake other workers for jobs that this worker promoted."""
        wake_idle_workers(self._connection.cursor(), queues, workers=len(queues))

    def _listen(self, worker: int) -> None:
        # A new connection does not listen yet, and each worker id has its own channel.
        connection = self._connection.get()
        if (connection, worker) == self._listening:
            return
        if self._listening is None or connection is not self._listening[0]:
            connection.add_notify_handler(self._hear)
        found = connection.execute(load("doorbell/channel"), {"worker": worker}).fetchone()
        assert found is not None  # the statement reads no table
        # LISTEN takes no parameter, so the statement is put together here.
        connection.execute(f"LISTEN {found[0]}")
        self._listening = connection, worker

    def _hear(self, _: psycopg.Notify) -> None:
        self.has_rung = True
