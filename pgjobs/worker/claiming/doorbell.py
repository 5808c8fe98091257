"""The idle worker's side of the doorbell: sit down beside it, get up again."""

from __future__ import annotations

import math
import time
from typing import Any, Final

import psycopg

from pgjobs.enqueueing.ring import SHORT_TRANSACTION
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.wakeup import Wakeup

# `queues` is what the ring looks for; `since` lets it wake the one that has waited longest.
_SIT_DOWN = """
INSERT INTO pgjobs_doorbell (worker_id, queues) VALUES (%(worker)s, %(queues)s)
ON CONFLICT (worker_id) DO NOTHING
"""
# Later than an enqueuer may leave out its ring, with a margin for clocks that drift.
_SECOND_LOOK: Final = SHORT_TRANSACTION + 0.01
_GET_UP = "DELETE FROM pgjobs_doorbell WHERE worker_id = %(worker)s"


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
        self.is_waiting = False
        self.has_rung = False
        """A ring arrived with the answer to a statement: waiting for it would be in vain."""

    def sit_down(self, worker: int) -> None:
        self._connection.get()  # only an open one knows whether it has a session
        if self._connection.has_session:
            self._listen(worker)
            self._connection.cursor().execute(
                _SIT_DOWN, {"worker": worker, "queues": list(self._queues)}
            )
            self._sat_down = time.monotonic()
        self.is_waiting = True

    def second_look_in(self, looked: float) -> float:
        """Seconds until the second look is due; infinity if the last one, at ``looked``, was it."""
        due = self._sat_down + _SECOND_LOOK
        return max(due - time.monotonic(), 0.001) if looked < due else math.inf

    def get_up(self, worker: int) -> None:
        """Leave, so that no ring is spent on a worker that has no room."""
        if self.is_waiting:
            self.is_waiting = False
            if self._connection.has_session:
                self._connection.cursor().execute(_GET_UP, {"worker": worker})

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
        ring(self._connection, queues)

    def _listen(self, worker: int) -> None:
        # A new connection does not listen yet, and a new identity has another channel.
        connection, channel = self._connection.get(), f"pgjobs_{int(worker)}"
        if connection is not self._listening_on:
            connection.add_notify_handler(self._hear)
        if connection is not self._listening_on or channel != self._channel:
            connection.execute(f"LISTEN {channel}")
        self._listening_on, self._channel = connection, channel

    def _hear(self, _: psycopg.Notify) -> None:
        self.has_rung = True


def ring(connection: EngineConnection, queues: list[str]) -> None:
    """Wake idle workers: ``queues`` names the queue of each ready job."""
    connection.cursor().execute(
        load("ring"), {"queues": sorted(set(queues)), "workers": len(queues)}
    )
