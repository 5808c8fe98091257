"""Looks after lost jobs: each worker has a janitor, which takes turns all the time."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection
from typing import Final

from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness import rescue
from pgjobs.worker.liveness.lost_jobs import LostJobs
from pgjobs.worker.liveness.orphans import Orphans
from pgjobs.worker.liveness.rounds import Rounds
from pgjobs.worker.liveness.suspicion import Suspicion

_LONGEST_TURN: Final = 1.0
"""Seconds after which a turn begins no further rescue."""


class Janitor:
    """Rescues the jobs of dead and of unknown workers, and ends orphans.

    Any worker does this work on its rounds, and one worker at a time makes them. A worker that has
    just started looks too, and so does a worker that has a suspicion, until it is sure. A worker
    with ``takes_turns=False`` always looks.
    """

    def __init__(self, announce: Callable[[list[int]], None], *, takes_turns: bool = True) -> None:
        """``announce`` takes the ids of rescued jobs; it must not wait for receivers of signals."""
        self._takes_turns = takes_turns
        self._rounds = Rounds()
        self._suspicion = Suspicion()
        self._lost_jobs = LostJobs(announce)
        self._orphans = Orphans(self._lost_jobs)
        self.makes_rounds = threading.Event()
        """Set as long as this worker makes the rounds, or looks without regard to them."""
        self.has_judged = False
        """Whether a turn has tried to take back the jobs of each worker that looks dead."""

    def turn(self, connection: EngineConnection) -> None:
        """Look for lost jobs, and take them back for a second or so: the heartbeat must not wait.

        The next turns go on.
        """
        try:
            self._look(connection)
        except Exception:
            self._rounds.leave()
            self.makes_rounds.clear()
            raise

    @property
    def next_turn_in(self) -> float:
        """Seconds until the next turn is due. A turn in which nothing is due costs nothing."""
        due_in = self._rounds.next_turn_in
        if self._rounds.are_ours or not (self._takes_turns and self.has_judged):
            due_in = min(due_in, self._suspicion.next_look_in)
        return max(due_in, 0.0)

    def hear_of_rounds(self, *, are_made: bool) -> None:
        """Note whether a worker makes the rounds, as the heartbeat of this worker has found out."""
        self._rounds.hear(are_made=are_made)

    def rescue(self, connection: EngineConnection, worker: int) -> None:
        """Take back the jobs of a dead ``worker``."""
        rescue.rescue(connection, worker, self._lost_jobs)

    def take_back_unknown(
        self, connection: EngineConnection, worker: int, known: Collection[tuple[int, int]]
    ) -> None:
        """Take back the jobs that a living ``worker`` holds by their rows, but does not know."""
        rescue.take_back_unknown(connection, worker, known, self._lost_jobs)

    def _look(self, connection: EngineConnection) -> None:
        makes_rounds = self._rounds.turn(connection) or not self._takes_turns
        (self.makes_rounds.set if makes_rounds else self.makes_rounds.clear)()
        looks = makes_rounds or not self.has_judged
        until = time.monotonic() + _LONGEST_TURN
        dead = self._suspicion.dead(connection, looks=looks)
        random.shuffle(dead)  # the jobs of one must not keep those of another from their turn
        while dead and time.monotonic() < until:
            self.rescue(connection, dead.pop())
        if dead:
            return
        if makes_rounds:
            self._orphans.turn(connection)
        # At the end of the turn: a burst that is told too early ends before the rescued jobs run.
        self.has_judged = not self._suspicion.is_undecided
