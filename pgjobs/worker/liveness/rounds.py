"""The rounds of the cluster: one worker makes them, a deputy watches it, and any worker follows."""

from __future__ import annotations

import random
import time
from typing import Final

from pgjobs.conf import get_settings
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection

INTERVAL: Final = 1.0
"""Seconds between two rounds, or a fifth less; ``POLL_INTERVAL`` if that is less."""
OVERDUE: Final = 1.4
"""Seconds since the latest round after which another worker makes the next one."""
_DEPUTY_INTERVAL: Final = 0.8
"""Seconds between two looks of the deputy, or a fifth less. If the worker that makes the rounds
dies, the deputy has taken over, and has looked twice for the dead, in less than three seconds."""
_ASK_AGAIN: Final = 3.5
"""Seconds until a worker asks for the latest round if no heartbeat has asked: the default
``HEARTBEAT_INTERVAL`` and a margin."""
_OUR_OWN: Final = 0.6
"""Part of the interval in which no other worker may have begun a round. It is more than half, so
two workers can't both go on: one of them finds the round of the other and leaves off."""
_MAKER: Final = 1
_DEPUTY: Final = 2


class Rounds:
    """Makes the rounds of the cluster, as long as no other worker does.

    On its rounds a worker looks for dead workers and for lost jobs, and wakes idle workers for jobs
    that no ring told of. If each of 200 idle workers did this by itself, the server would do the
    work of one 200 times. No worker is elected: if the rounds stop, because their worker died or
    was frozen, the deputy begins one, or the next worker that sends a heartbeat.
    """

    def __init__(self) -> None:
        self._place: int | None = None
        self._next_try = -float("inf")
        self._woke_at = time.monotonic()

    def turn(self, connection: EngineConnection) -> bool:
        """Begin a round if one is due; return whether this worker makes the rounds."""
        if self.next_turn_in <= 0:
            self._place = next((p for p in (_MAKER, _DEPUTY) if self._begin(connection, p)), None)
            pause = _interval(self._place) * random.uniform(0.8, 1.0)
            self._next_try = time.monotonic() + (pause if self._place else _ASK_AGAIN)
        if self.are_ours:
            self._wake_if_due(connection)
        return self.are_ours

    def hear(self, *, are_made: bool) -> None:
        """Note whether a worker and its deputy make the rounds, as a heartbeat has found out."""
        if self._place is None:
            self._next_try = time.monotonic() + (_ASK_AGAIN if are_made else 0.0)

    def leave(self) -> None:
        """Leave the next rounds to another worker, because this one has failed on its own."""
        self._place = None
        self._next_try = time.monotonic() + _ASK_AGAIN

    @property
    def are_ours(self) -> bool:
        """Whether this worker makes the rounds."""
        return self._place == _MAKER

    @property
    def next_turn_in(self) -> float:
        """Seconds until this worker begins its next round, or asks for that of another worker."""
        return self._next_try - time.monotonic()

    def _begin(self, connection: EngineConnection, place: int) -> bool:
        overdue = _interval(place) * _OUR_OWN if self._place == place else OVERDUE
        values = {"place": place, "overdue": overdue}
        return connection.cursor().execute(load("rounds/begin"), values).fetchone() is not None

    def _wake_if_due(self, connection: EngineConnection) -> None:
        """Wake idle workers for overlooked jobs, once in about ``POLL_INTERVAL`` seconds."""
        interval, now = get_settings().POLL_INTERVAL, time.monotonic()
        if now - self._woke_at >= interval * 0.75:
            connection.cursor().execute(load("rounds/wake_overlooked"), {"ahead": 2 * interval})
            self._woke_at = now


def _interval(place: int | None) -> float:
    """Return the longest seconds between two turns of the worker at ``place``."""
    return min(INTERVAL, get_settings().POLL_INTERVAL) if place == _MAKER else _DEPUTY_INTERVAL
