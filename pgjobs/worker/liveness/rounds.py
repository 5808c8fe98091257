"""The rounds of the cluster: one worker at a time makes them, and any worker takes them over."""

from __future__ import annotations

import random
import time
from typing import Final

from pgjobs.conf import get_settings
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection

INTERVAL: Final = 1.0
"""Seconds between two rounds, give or take a fifth; ``POLL_INTERVAL`` if that is less."""
OVERDUE: Final = 2.5
"""Seconds since the latest round after which another worker makes the next one."""
_ASK_AGAIN: Final = 3.5
"""Seconds until a worker asks for the latest round if no heartbeat has asked: the default
``HEARTBEAT_INTERVAL`` and a margin."""
_OUR_OWN: Final = 0.6
"""Part of the interval in which no other worker may have begun a round. It is more than half, so
two workers can't both go on: one of them finds the round of the other and leaves off."""


class Rounds:
    """Makes the rounds of the cluster, as long as no other worker does.

    On its rounds a worker looks for dead workers and for lost jobs, and wakes idle workers for jobs
    that no ring told of. If each of 200 idle workers did this by itself, the server would do the
    work of one 200 times. No worker is elected: if the rounds stop, because their worker died or
    was frozen, the next worker that sends a heartbeat begins one.
    """

    def __init__(self) -> None:
        self.are_ours = False
        self._next_try = -float("inf")
        self._woke_at = time.monotonic()

    def turn(self, connection: EngineConnection) -> bool:
        """Begin a round if one is due; return whether this worker makes the rounds."""
        if self.next_turn_in <= 0:
            interval = min(INTERVAL, get_settings().POLL_INTERVAL)
            overdue = interval * _OUR_OWN if self.are_ours else OVERDUE
            cursor = connection.cursor().execute(load("rounds/begin"), {"overdue": overdue})
            self.are_ours = cursor.fetchone() is not None
            pause = interval * random.uniform(0.8, 1.2) if self.are_ours else _ASK_AGAIN
            self._next_try = time.monotonic() + pause
        if self.are_ours:
            self._wake_if_due(connection)
        return self.are_ours

    def hear(self, *, are_made: bool) -> None:
        """Note whether a worker makes the rounds, as the heartbeat of this worker has found out."""
        if not self.are_ours:
            self._next_try = time.monotonic() + (_ASK_AGAIN if are_made else 0.0)

    @property
    def next_turn_in(self) -> float:
        """Seconds until this worker begins its next round, or asks for that of another worker."""
        return self._next_try - time.monotonic()

    def _wake_if_due(self, connection: EngineConnection) -> None:
        """Wake idle workers for overlooked jobs, once in about ``POLL_INTERVAL`` seconds."""
        interval, now = get_settings().POLL_INTERVAL, time.monotonic()
        if now - self._woke_at >= interval * 0.75:
            connection.cursor().execute(load("rounds/wake_overlooked"), {"ahead": 2 * interval})
            self._woke_at = now
