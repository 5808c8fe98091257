"""How long to wait after a failure before the next try."""

from __future__ import annotations

import random
import time
from typing import Final

FIRST: Final = 0.1
LONGEST: Final = 3.0
QUIET: Final = 10.0
"""After this many seconds without a failure, the next failure is news."""


class Backoff:
    """Doubles the wait from FIRST up to ``longest`` seconds, with jitter, until ``reset()``."""

    def __init__(self, *, longest: float = LONGEST) -> None:
        self._longest = longest
        self._failures = 0
        self._last_failure: float | None = None

    def next(self) -> float:
        """Count a failure and return the seconds to wait."""
        delay: float = min(FIRST * 2 ** min(self._failures, 10), self._longest)
        self._failures += 1
        self._last_failure = time.monotonic()
        return delay * random.uniform(0.7, 1.3)

    def reset(self) -> None:
        """Note a success: the next wait is short again."""
        self._failures = 0

    @property
    def is_news(self) -> bool:
        """Return whether this failure begins a new trouble. Ask before ``next()`` counts it.

        One success is no end of the old trouble: on a full disk some statements find room, and a
        turn with nothing to write succeeds.
        """
        last = self._last_failure
        return not self._failures and (last is None or time.monotonic() - last > QUIET)
