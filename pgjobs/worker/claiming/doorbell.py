"""The idle worker's side of the doorbell: sit down beside it, get up again."""

from __future__ import annotations

import math
import time
from typing import Any, Final

import psycopg

from pgjobs.enqueueing.ring import SHORT_TRANSACTION
from pgjobs.enqueueing.wake import wake_idle_workers
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection

# Later than an enqueuer may leave out its ring, with a margin for clocks that drift.
_SECOND_LOOK: Final = SHORT_TRANSACTION + 0.01


class Doorbell:
    """Registers one worker as idle, so that an enqueuer can wake it.

    Register, look once more, then sleep: whoever commits before the look is seen,
    and whoever inserts after it finds the registration. Whoever inserted before and
    commits after is seen by a second look, or rings if that comes too early. Behind a
    pooler nobody can listen: a worker there only looks again and again, and takes no
    ring from others.
    """

    def __init__(self, connection: EngineConnection, queues: tuple[str, ...]) -> None:
        self._connection = connection
        self._queues = queues
        self._listening_on: psycopg.Connection[Any] | None = None
        self._channel = ""
        self._sat_down = -math.inf
        self.waits = False
        self.has_rung = False
        """A ring arrived with the answer to a statement: waiting for it would be in vain."""

    def sit_down(self, worker: int) -> None:
        self._connection.get()  # only an open one knows whether it has a session
        if self._connection.has_session:
            self._listen(worker)
            self._connection.cursor().execute(
                load("doorbell/sit_down"), {"worker": worker, "queues": list(self._queues)}
            )
            self._sat_down = time.monotonic()
        self.waits = True

    def second_look_in(self, looked: float) -> float:
        """Seconds until the second look is due; infinity if the last one, at ``looked``, was it."""
        due = self._sat_down + _SECOND_LOOK
        return max(due - time.monotonic(), 0.001) if looked < due else math.inf

    def get_up(self, worker: int) -> None:
        """Leave, so that no ring is spent on a worker that has no room."""
        if self.waits:
            self.waits = False
            if self._connection.has_session:
                self._connection.cursor().execute(load("doorbell/get_up"), {"worker": worker})

    def rung(self) -> None:
        """The ring took our registration with it."""
        self.waits = self.has_rung = False

    def ring(self, queues: list[str]) -> None:
        """Wake others: for jobs that we found and can't hold, or that are not ours."""
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
