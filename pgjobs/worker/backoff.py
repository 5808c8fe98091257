"""How long to wait before trying again what has just failed."""

from __future__ import annotations

import random
from typing import Final

FIRST: Final = 0.1
LONGEST: Final = 3.0


class Backoff:
    """Doubles from a tenth of a second up to three, with jitter, until told of a success."""

    def __init__(self) -> None:
        self._failures = 0

    def next(self) -> float:
        """Count a failure and return the seconds to wait."""
        delay: float = min(FIRST * 2 ** min(self._failures, 10), LONGEST)
        self._failures += 1
        return delay * random.uniform(0.7, 1.3)

    def reset(self) -> None:
        self._failures = 0

    @property
    def failures(self) -> int:
        return self._failures
