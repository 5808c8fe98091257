"""The doorbell as an idle worker uses it: sit down beside it, get up again."""

from __future__ import annotations

import math
import time
from typing import Any, Final

import psycopg

from pgjobs.enqueueing.ring import SHORT_TRANSACTION
from pgjobs.enqueueing.wake import wake_idle_workers
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection

_SECOND_LOOK: Final = SHORT_TRANSACTION + 0.01
"""Seconds after sitting down: later than an enqueuer leaves out its ring, with a margin for clocks
that drift."""


class Doorbell:
    """Registers one worker as idle, so that an enqueuer can wake it.

    The worker registers, looks once more, and then sleeps. If an enqueuer commits before the look,
    the look finds its job. If an enqueuer inserts after the registration, the INSERT finds the
    worker, and the enqueuer rings. If an enqueuer inserts before the registration and commits after
    the look, a second look finds its job. If the commit comes even later than the second look, the
    enqueuer rings.

    Behind a pooler no worker can listen. A worker there looks again and again, and does not
    register, so that no ring for other workers is lost to it.
    """

    def __init__(self, connection: EngineConnection, queues: tuple[str, ...]) -> None:
        self._connection = connection
        self._queues = queues
        self._listening_on: psycopg.Connection[Any] | None = None
        self._channel = ""
        self._sat_down = -math.inf
        self.waits = False
        self.has_rung = False
        """A ring arrived with the answer to a statement: no wait would notice it any more."""

    def sit_down(self, worker: int) -> None:
        self._connection.get()  # only an open connection knows whether it has a session
        if self._connection.has_session:
            self._listen(worker)
            self._connection.cursor().execute(
                load("doorbell/sit_down"), {"worker": worker, "queues": list(self._queues)}
            )
            self._sat_down = time.monotonic()
        self.waits = True

    def second_look_in(self, looked: float) -> float:
        """Return the seconds until the second look is due.

        If the last look, at ``looked``, was the second one, return infinity.
        """
        due = self._sat_down + _SECOND_LOOK
        return max(due - time.monotonic(), 0.001) if looked < due else math.inf

    def get_up(self, worker: int) -> None:
        """Leave, so that no ring goes to a worker that has no room."""
        if self.waits:
            self.waits = False
            if self._connection.has_session:
                self._connection.cursor().execute(load("doorbell/get_up"), {"worker": worker})

    def rung(self) -> None:
        """Note that a ring came, which deletes the registration of the worker that it wakes."""
        self.waits = self.has_rung = False

    def ring(self, queues: list[str]) -> None:
        """Wake other workers, at most one for each of ``queues``.

        They are for jobs that this worker made ready, but may not serve or have no room for.
        """
        wake_idle_workers(self._connection.cursor(), queues, workers=len(queues))

    def _listen(self, worker: int) -> None:
        # A new connection does not listen yet, and a new identity has another channel.
        connection, channel = self._connection.get(), f"pgjobs_{int(worker)}"
        if connection is not self._listening_on:
            connection.add_notify_handler(self._hear)
        if connection is not self._listening_on or channel != self._channel:
            # LISTEN takes no parameter, so the statement is put together here.
            connection.execute(f"LISTEN {channel}")
        self._listening_on, self._channel = connection, channel

    def _hear(self, _: psycopg.Notify) -> None:
        self.has_rung = True
