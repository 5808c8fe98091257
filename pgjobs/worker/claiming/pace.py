"""How many jobs to claim: enough to keep the slots busy, few enough to keep the order strict."""

from __future__ import annotations

from typing import Final

WINDOW: Final = 0.03
"""Seconds of work to claim ahead: a more urgent job can start this late."""

LARGEST_CLAIM: Final = 1000
_WEIGHT: Final = 0.05


class Pace:
    """Learns from measured run times how many jobs to claim ahead.

    Of jobs of 20 µs it is hundreds, and of jobs of one second none. Before the first job has ended,
    and after a job as long as the window, the worker claims only for free slots.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._seconds: float | None = None

    def observe(self, seconds: float) -> None:
        """Learn from a job that ran for ``seconds``.

        A much longer run counts at once, because jobs claimed ahead would wait for it. Other runs
        count gradually.
        """
        if self._seconds is None or seconds > self._seconds * 10:
            self._seconds = seconds
        else:
            self._seconds += (seconds - self._seconds) * _WEIGHT

    def room(self, in_hand: int) -> int:
        """Return how many jobs to claim now, if ``in_hand`` jobs are claimed and have not ended.

        Return 0 while enough is in hand: to claim jobs one by one would cost a round trip for each.
        """
        target = self._slots + self._ahead()
        if in_hand >= self._slots and target - in_hand < self._ahead() / 2 + 1:
            return 0
        return min(max(target - in_hand, 0), LARGEST_CLAIM)

    def _ahead(self) -> int:
        if self._seconds is None or self._seconds >= WINDOW:
            return 0
        return min(int(WINDOW / max(self._seconds, 1e-5) * self._slots), LARGEST_CLAIM)
