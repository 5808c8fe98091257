"""The moments and spans of time that a job may have.

PostgreSQL holds moments that Python can't hold, such as ``infinity`` and the year 10000. Near its
own limits, Python can't show a moment in every time zone. So a job has moments of the years 2 to
9998.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

FIRST_MOMENT: Final = datetime(2, 1, 1, tzinfo=UTC)
END_OF_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""The first moment that is too late."""
NEVER: Final = datetime(9998, 12, 31, tzinfo=UTC)
"""Stands for the next run of a schedule that has none."""

LONGEST_WAIT: Final = timedelta(days=365_000)
"""A thousand years, in both directions."""

HIGHEST_COUNT: Final = 2**15 - 1
"""The highest number of attempts or interruptions that a row can hold."""

HIGHEST_EPOCH: Final = 2**31 - 1


def is_moment(moment: datetime) -> bool:
    """Return whether a job may have the aware ``moment``."""
    return FIRST_MOMENT <= moment < END_OF_TIME


def is_wait(wait: timedelta) -> bool:
    """Return whether a job may wait for this long."""
    return -LONGEST_WAIT <= wait <= LONGEST_WAIT
