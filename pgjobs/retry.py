"""Backoffs: how long a job waits after a failed attempt before the next one is due.

``Meta.backoff`` takes the result of one of these functions, or any function of type `Backoff`.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

Backoff = Callable[[int], timedelta]
"""Takes the number of the attempt that failed, from 1, and returns the time to wait."""


def constant(delay: timedelta) -> Backoff:
    """Return a backoff that waits ``delay`` after each attempt."""
    return lambda attempt: delay


def linear(step: timedelta, *, cap: timedelta = timedelta(hours=1)) -> Backoff:
    """Return a backoff that waits ``step`` after the first attempt and ``step`` longer each time.

    It never waits longer than ``cap``.
    """
    return lambda attempt: min(step * attempt, cap)


def exponential(
    first: timedelta = timedelta(seconds=10),
    *,
    cap: timedelta = timedelta(hours=1),
    jitter: float = 0.1,
) -> Backoff:
    """Return a backoff that waits ``first`` after the first attempt and twice as long each time.

    The wait grows up to ``cap``. ``jitter`` is the share by which it then varies at random in both
    directions, 0.1 for 10 %. So jobs that failed together are not tried again together.
    """

    def delay(attempt: int) -> timedelta:
        # Without a bound for the exponent, attempt 2000 would overflow before `min` could help.
        exact: timedelta = min(first * 2 ** min(attempt - 1, 30), cap)
        return exact * random.uniform(1 - jitter, 1 + jitter)

    return delay
