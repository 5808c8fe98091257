"""From the number of the attempt that just failed to the wait before the next."""

from __future__ import annotations

import random
from datetime import timedelta

FIRST_DELAY = timedelta(seconds=10)
LONGEST_DELAY = timedelta(hours=1)


def exponential(attempt: int, *, jitter: float = 0.1) -> timedelta:
    """Double the delay with each attempt, from 10 seconds up to an hour.

    ``jitter`` spreads the delay by that share either way, so jobs that failed
    together don't come back together.
    """
    # The exponent is bounded, or attempt 2000 would overflow before min() sees it.
    delay: timedelta = min(FIRST_DELAY * 2 ** min(attempt - 1, 20), LONGEST_DELAY)
    return delay * random.uniform(1 - jitter, 1 + jitter)
