"""Finds dead workers: by their silence, or by the lock that they no longer hold."""

from __future__ import annotations

import random
import time
from typing import Final

import psycopg

from pgjobs.conf import get_settings
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection

UNSUSPECTING: Final = 2.0
"""Seconds between two looks while no worker seems dead, give or take a fifth: workers that were
started together must not all look at the same moments."""
CONFIRMING: Final = 0.7
"""Seconds between two looks while a worker seems dead. If the connection of a living worker
broke, it connects again at once, and has its lock again before the second look."""
RECONNECTING: Final = 3.0
"""After a reconnect, seconds before a missing lock counts as death, because other workers may still
be reconnecting: each tries again after at most 1.3 seconds. If a worker has sent a heartbeat since
the outage, it had its lock again, and a missing lock counts at once."""
HEARING: Final = 5.0
"""Seconds that this worker must have been able to see heartbeats before silence counts; a third of
the lease if that is less."""


class Suspicion:
    """Remembers which workers looked dead, and since when this worker is able to tell."""

    def __init__(self) -> None:
        self._suspects: dict[int, float] = {}
        self._judged: set[int] = set()
        self._seen_on: psycopg.Connection | None = None
        self._reconnected_at: float | None = None
        self._locks_count_from = time.monotonic()
        self._hears_since = self._last_turn = self._next_look = time.monotonic()

    def dead(self, connection: EngineConnection, *, looks: bool = True) -> list[int]:
        """Return the ids of workers that were silent too long, or without their lock at two looks.

        With ``looks=False`` return none, and only note that this worker was not paused.

        If the connection of a living worker broke, the second look gives it the time to
        take its lock again on a new connection. While no worker can reach the database, all
        are silent. If this lasts longer than the lease, the worker that is back first must
        wait until it could see the heartbeats of the other workers.
        """
        self._doubt_silence_when_away()
        self._doubt_locks_when_connected(connection)
        if not looks or self.next_look_in > 0:
            return []
        now, lease = time.monotonic(), get_settings().HEARTBEAT_TIMEOUT
        silence_counts = now - self._hears_since >= min(HEARING, lease / 3)
        since = self._reconnected_at
        cursor = connection.cursor().execute(
            load("rescue/suspects"),
            {"timeout": lease, "reconnected_for": None if since is None else now - since},
        )
        found = {worker: evidence for worker, *evidence in cursor.fetchall()}
        self._suspects = {worker: self._suspects.get(worker, now) for worker in found}
        self._next_look = now + self._pause(now)
        dead = [
            worker
            for worker, (is_silent, is_unlocked, was_back, is_ahead) in found.items()
            if (is_silent and silence_counts)
            # The clock was set back, and the worker has sent no heartbeat for a lease since.
            or (is_ahead and now - self._suspects[worker] >= lease)
            or (
                is_unlocked
                and (was_back or now >= self._locks_count_from)
                and now - self._suspects[worker] >= CONFIRMING * 0.9
            )
        ]
        self._judged.intersection_update(found)
        self._judged.update(dead)
        return dead

    @property
    def is_undecided(self) -> bool:
        """Whether a worker looks dead that has not been returned as dead so far."""
        return not self._judged.issuperset(self._suspects)

    @property
    def next_look_in(self) -> float:
        return self._next_look - time.monotonic()

    def _pause(self, now: float) -> float:
        """Return the usual seconds until the next look, or fewer if the locks count before that."""
        if not self._suspects:
            return UNSUSPECTING * random.uniform(0.8, 1.2)
        due = self._locks_count_from - now
        return due if 0 < due < CONFIRMING else CONFIRMING

    def _doubt_silence_when_away(self) -> None:
        """Let silence count later if this worker was paused.

        Other workers may have been paused too, and may send their heartbeats a moment later.
        """
        now = time.monotonic()
        if now - self._last_turn > HEARING:
            self._hears_since = now
        self._last_turn = now

    def _doubt_locks_when_connected(self, connection: EngineConnection) -> None:
        """Let locks and silence count later if this worker has a new connection.

        The event that took the old connection may have taken the connections of all workers: a
        restart, a failover, a fault of the network. On the first connection of this worker, such an
        event may have come just before.
        """
        current = connection.get()
        if self._seen_on is current:
            return
        now = self._hears_since = self._next_look = time.monotonic()
        self._locks_count_from = now + RECONNECTING + connection.longest_detour
        self._reconnected_at = None if self._seen_on is None else now
        self._suspects = {}
        self._seen_on = current
