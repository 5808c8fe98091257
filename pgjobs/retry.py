"""Backoffs: how long a job waits after a failed attempt before the next one is due.

``Meta.backoff`` takes the result of one of these functions, or any function of type `Backoff`. Each
of them raises InvalidArgument for a span that is no ``timedelta`` from 0 to a thousand years.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from pgjobs.exceptions import InvalidArgument
from pgjobs.limits import LONGEST_WAIT
from pgjobs.showing import brief

Backoff = Callable[[int], timedelta]
"""Takes the number of the attempt that failed, from 1, and returns the time to wait."""


def constant(delay: timedelta) -> Backoff:
    """Return a backoff that waits ``delay`` after each attempt."""
    _check(delay=delay)
    return lambda attempt: delay


def linear(step: timedelta, *, cap: timedelta = timedelta(hours=1)) -> Backoff:
    """Return a backoff that waits ``step`` after the first attempt and ``step`` longer each time.

    It never waits longer than ``cap``.
    """
    _check(step=step, cap=cap)
    return lambda attempt: _times(step, attempt, cap)


def exponential(
    first: timedelta = timedelta(seconds=10),
    *,
    cap: timedelta = timedelta(hours=1),
    jitter: float = 0.1,
) -> Backoff:
    """Return a backoff that waits ``first`` after the first attempt and twice as long each time.

    The wait grows up to ``cap``. ``jitter`` is the share by which it then varies at random in both
    directions, 0.1 for 10 %; it is at most 1. So jobs that failed together are not tried again
    together.
    """
    _check(first=first, cap=cap)
    given: Any = jitter
    if not (isinstance(given, int | float) and 0 <= given <= 1):
        raise InvalidArgument(f"jitter must be a number from 0 to 1, not {brief(given)}.")

    def delay(attempt: int) -> timedelta:
        exact = _times(first, 2 ** (attempt - 1), cap)
        return exact * random.uniform(1 - jitter, 1 + jitter)

    return delay


def _times(span: timedelta, factor: int, cap: timedelta) -> timedelta:
    """Return ``span * factor``, at most ``cap``. The product may be more than Python holds."""
    return cap if span > cap // factor else span * factor


def _check(**spans: Any) -> None:
    for name, given in spans.items():
        if not (isinstance(given, timedelta) and timedelta() <= given <= LONGEST_WAIT):
            raise InvalidArgument(
                f"{name} must be a timedelta from 0 to {LONGEST_WAIT.days:,} days, such as "
                f"timedelta(seconds=30), not {brief(given)}."
            )
