"""The periods of the statistics that make up the time since a moment."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Final

from django.utils import timezone

from pgjobs.conf import LONGEST_RETENTION, get_settings
from pgjobs.limits import END_OF_TIME, FIRST_MOMENT

_LENGTHS: Final = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Part = tuple[str, datetime, datetime]
"""A period, and the moments between which its rows begin."""


def periods_since(since: datetime) -> list[str]:
    """Return the periods that are kept for so long, the shortest first; days if none is."""
    settings, age = get_settings(), timezone.now() - since
    days = {
        "minute": settings.STATISTICS_MINUTES,
        "hour": settings.STATISTICS_HOURS,
        "day": settings.STATISTICS_DAYS or LONGEST_RETENTION,
    }
    return [name for name in days if age <= timedelta(days=days[name])] or ["day"]


def parts_since(since: datetime, periods: Sequence[str]) -> list[Part]:
    """Return the parts of the time since a moment, each with the longest period that fits it.

    The first one begins with a whole period, which may be before ``since``.
    """
    # No job ends outside these moments, and Python has no period at the end of its time.
    first = _begin(periods[0], min(max(since, FIRST_MOMENT), END_OF_TIME))
    starts = list(accumulate(periods[1:], _next_begin, initial=first))
    return list(zip(periods, starts, [*starts[1:], END_OF_TIME], strict=True))


def _begin(period: str, moment: datetime) -> datetime:
    """Return the beginning of the period, in UTC, that the moment is in."""
    return moment - (moment - _EPOCH) % _LENGTHS[period]


def _next_begin(moment: datetime, period: str) -> datetime:
    """Return the beginning of the first period that does not begin before the moment."""
    return moment + (_EPOCH - moment) % _LENGTHS[period]
