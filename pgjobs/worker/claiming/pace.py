"""How many jobs to hold: few enough to keep the order strict, enough to keep slots busy."""

from __future__ import annotations

from typing import Final

WINDOW: Final = 0.03
"""Seconds of work to claim ahead. Within this window a more urgent job can come too late."""

LARGEST_CLAIM: Final = 1000
_WEIGHT: Final = 0.05


class Pace:
    """Learns from measured run times how far ahead to claim.

    Hundreds of 20 µs jobs, none of a one-second job. Before anything is known, and
    after any job as long as the window, nothing is claimed beyond the free slots.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._seconds: float | None = None

    def observe(self, seconds: float) -> None:
        """Learn from a finished job; slower news counts at once, faster news gradually."""
        if self._seconds is None or seconds > self._seconds * 10:
            self._seconds = seconds
        else:
            self._seconds += (seconds - self._seconds) * _WEIGHT

    def room(self, in_hand: int) -> int:
        """Return how many jobs to claim now, with ``in_hand`` claimed and not ended.

        Zero while what is in hand lasts: claiming by ones and twos would cost a
        round trip each.
        """
        target = self._slots + self._ahead()
        if in_hand >= self._slots and target - in_hand < self._ahead() / 2 + 1:
            return 0
        return min(max(target - in_hand, 0), LARGEST_CLAIM)

    def _ahead(self) -> int:
        if self._seconds is None or self._seconds >= WINDOW:
            return 0
        return min(int(WINDOW / max(self._seconds, 1e-5) * self._slots), LARGEST_CLAIM)
