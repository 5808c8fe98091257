"""The time of a look."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Final

_LOOKS: Final = 5


def median_milliseconds(look: Callable[[], object]) -> float:
    """Return the median time of a few looks, after one that warms the caches."""
    look()
    took = []
    for _ in range(_LOOKS):
        began = time.perf_counter()
        look()
        took.append(time.perf_counter() - began)
    return median(took) * 1000
