"""How long to wait before trying again what has just failed."""

from __future__ import annotations

import random
import time
from typing import Final

FIRST: Final = 0.1
LONGEST: Final = 3.0
QUIET: Final = 10.0
"""Seconds without a failure after which the next one is news."""


class Backoff:
    """Doubles from a tenth of a second up to ``longest``, with jitter, until told of a success."""

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
        self._failures = 0

    @property
    def is_news(self) -> bool:
        """Say, before ``next()``, whether this failure begins something that was not said yet.

        A success in between does not make it so: on a full disk some statements find room, and
        what has nothing to do succeeds.
        """
        last = self._last_failure
        return not self._failures and (last is None or time.monotonic() - last > QUIET)
