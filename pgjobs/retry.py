"""From the number of the attempt that just failed to the wait before the next.

``Meta.backoff`` takes one of these, or any function of the same kind.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta

Backoff = Callable[[int], timedelta]
"""Gets the attempt that failed, from 1; returns how long to wait."""


def constant(delay: timedelta) -> Backoff:
    """Wait the same each time."""
    return lambda attempt: delay


def linear(step: timedelta, *, cap: timedelta = timedelta(hours=1)) -> Backoff:
    """Wait ``step`` longer each time, up to ``cap``."""
    return lambda attempt: min(step * attempt, cap)


def exponential(
    first: timedelta = timedelta(seconds=10),
    *,
    cap: timedelta = timedelta(hours=1),
    jitter: float = 0.1,
) -> Backoff:
    """Double the delay each time, from ``first`` up to ``cap``.

    ``jitter`` spreads the delay by that share either way, so jobs that failed
    together don't come back together.
    """

    def delay(attempt: int) -> timedelta:
        # The exponent is bounded, or attempt 2000 would overflow before min() sees it.
        exact: timedelta = min(first * 2 ** min(attempt - 1, 30), cap)
        return exact * random.uniform(1 - jitter, 1 + jitter)

    return delay
