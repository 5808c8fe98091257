"""Looks after lost jobs: each worker has a janitor, which takes turns all the time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness import rescue
from pgjobs.worker.liveness.lost_jobs import LostJobs
from pgjobs.worker.liveness.orphans import Orphans
from pgjobs.worker.liveness.suspicion import Suspicion

INTERVAL: Final = 1.0
"""Seconds between two turns, at most."""


class Janitor:
    """Rescues the jobs of dead and of unknown workers, and ends orphans.

    Every worker does this work. A leader or a job for it could itself be stuck.
    """

    def __init__(self, announce: Callable[[list[int]], None]) -> None:
        """``announce`` takes the ids of rescued jobs; it must not wait for receivers of signals."""
        self._suspicion = Suspicion()
        self._lost_jobs = LostJobs(announce)
        self._orphans = Orphans(self._lost_jobs)
        self.has_judged = False
        """Whether a turn has tried to take back the jobs of each worker that looks dead."""

    def turn(self, connection: EngineConnection) -> None:
        for worker in self._suspicion.dead(connection):
            self.rescue(connection, worker)
        self._orphans.turn(connection)
        # At the end of the turn: a burst that is told too early ends before the rescued jobs run.
        self.has_judged = not self._suspicion.is_undecided

    @property
    def next_turn_in(self) -> float:
        """Seconds until the next turn is due. A turn in which nothing is due costs nothing."""
        return min(max(self._suspicion.next_look_in, 0.0), INTERVAL)

    def rescue(self, connection: EngineConnection, worker: int) -> None:
        """Take back the jobs of a dead ``worker``."""
        rescue.rescue(connection, worker, self._lost_jobs)

    def take_back_unknown(
        self, connection: EngineConnection, worker: int, known: Collection[tuple[int, int]]
    ) -> None:
        """Take back the jobs that a living ``worker`` holds by their rows, but does not know."""
        rescue.take_back_unknown(connection, worker, known, self._lost_jobs)
