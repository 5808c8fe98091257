"""Which workers are dead: by their silence, or by the lock that they no longer hold."""

from __future__ import annotations

import random
import time
from typing import Final

import psycopg

from pgjobs.conf import get_settings
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection

UNSUSPECTING: Final = 2.0
"""Seconds between two looks while nobody seems dead, give or take a fifth: workers that were
started together must not all look at the same moments."""
CONFIRMING: Final = 0.7
"""Seconds between the two looks at one that does: a living one whose connection broke connects at
once, and has its lock again."""
RECONNECTING: Final = 3.0
"""Seconds on a new connection in which others may still be on their way back to their lock, unless
they have beaten since whatever struck everybody. Their presence tries again after 1.3 at most."""
HEARING: Final = 5.0
"""Seconds that we must have heard beats before silence counts, or a third of the lease."""


class Suspicion:
    """Remembers who looked dead, and since when we are in a position to say so."""

    def __init__(self) -> None:
        self._suspects: dict[int, float] = {}
        self._seen_on: psycopg.Connection | None = None
        self._reconnected_at: float | None = None
        self._locks_count_from = time.monotonic()
        self._hears_since = self._last_turn = self._next_look = time.monotonic()

    def dead(self, connection: EngineConnection) -> list[int]:
        """Return workers that are silent for too long, or were without their lock at two looks.

        The second look gives a living worker whose connection broke the time to take
        its lock again on a new one. While the database was out of everybody's reach, for
        longer than the lease, all were silent: who is back first must hear the others first.
        """
        self._doubt_silence_when_away()
        self._doubt_locks_when_connected(connection)
        if self.next_look_in > 0:
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
        return [
            worker
            for worker, (is_silent, is_unlocked, was_back) in found.items()
            if (is_silent and silence_counts)
            or (
                is_unlocked
                and (was_back or now >= self._locks_count_from)
                and now - self._suspects[worker] >= CONFIRMING * 0.9
            )
        ]

    @property
    def next_look_in(self) -> float:
        return self._next_look - time.monotonic()

    def _pause(self, now: float) -> float:
        """Return the usual seconds, or less to the moment from which the suspects' locks count."""
        if not self._suspects:
            return UNSUSPECTING * random.uniform(0.8, 1.2)
        due = self._locks_count_from - now
        return due if 0 < due < CONFIRMING else CONFIRMING

    def _doubt_silence_when_away(self) -> None:
        """If we were paused, others may have been too, and beat again a moment later than we."""
        now = time.monotonic()
        if now - self._last_turn > HEARING:
            self._hears_since = now
        self._last_turn = now

    def _doubt_locks_when_connected(self, connection: EngineConnection) -> None:
        """What took our connection may have taken everybody's: a restart, a failover, a network's
        fault. It may also have been just before we came."""
        current = connection.get()
        if self._seen_on is current:
            return
        now = self._hears_since = self._next_look = time.monotonic()
        self._locks_count_from = now + RECONNECTING + connection.longest_detour
        self._reconnected_at = None if self._seen_on is None else now
        self._suspects = {}
        self._seen_on = current
