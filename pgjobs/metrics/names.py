"""Bounds for the values of labels: each value is a series that Prometheus keeps for weeks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

MOST: Final = 100
"""Queues and job classes that have series of their own."""
OTHER: Final = "other"


def bounded(names: Iterable[str]) -> Callable[[str], str]:
    """Return a function that maps each of ``names`` to itself, or to ``other`` if it has no series.

    The first hundred by the alphabet have series. Another choice, such as the hundred with the most
    jobs, would change from scrape to scrape. Counters would then go down, and Prometheus would take
    this for a restart.
    """
    known = sorted(set(names))
    kept = set(known[:MOST])
    return lambda name: name if name in kept else OTHER
