"""The bounds of numbers and moments, most of them those of a job's columns, and their checks.

Each check raises InvalidArgument for a value beyond the bounds. Each check of a number also raises
it for a value that is not a whole number, ``True`` and ``False`` included.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from pgjobs.conf import LONGEST_RETENTION
from pgjobs.exceptions import InvalidArgument
from pgjobs.limits import END_OF_TIME, FIRST_MOMENT, is_moment
from pgjobs.showing import brief

_PRIORITIES: Final = range(-(2**15), 2**15)
_SECONDS: Final = range(1, 2**31)
_MINUTES: Final = range(1, 2**31)
_ATTEMPTS: Final = range(1, 2**15)
_DAYS: Final = range(LONGEST_RETENTION + 1)


def check_priority(priority: Any) -> int:
    """Check and return ``priority``, which orders the jobs of a queue."""
    return _check("priority", "a whole number", priority, _PRIORITIES)


def check_timeout(timeout: Any) -> int:
    """Check and return ``timeout``, in seconds."""
    return _check("timeout", "a whole number of seconds", timeout, _SECONDS)


def check_interval(interval: Any) -> int:
    """Check and return ``interval``, in minutes between two runs."""
    return _check("interval", "a whole number of minutes", interval, _MINUTES)


def check_max_attempts(max_attempts: Any) -> int:
    """Check and return ``max_attempts``, which counts the first attempt too."""
    return _check("max_attempts", "a whole number", max_attempts, _ATTEMPTS)


def check_days(days: Any) -> int:
    """Check and return ``days``, the age of jobs in a call of ``prune()``."""
    return _check("days", "a whole number of days", days, _DAYS)


def check_schedule_at(schedule_at: Any, interval: int | None) -> datetime:
    """Check and return ``schedule_at``, with which a job may recur after ``interval`` minutes.

    The moment is returned in UTC: PostgreSQL refuses offsets that Python allows.
    """
    if not isinstance(schedule_at, datetime):
        raise InvalidArgument(f"schedule_at must be a datetime, not {brief(schedule_at)}.")
    if timezone.is_naive(schedule_at):
        raise InvalidArgument(
            f"schedule_at {schedule_at.isoformat()} has no time zone; "
            "make it aware, for instance with django.utils.timezone.make_aware()."
        )
    last = END_OF_TIME - timedelta(minutes=interval or 0)
    moment = _in_utc(schedule_at)
    if moment is None or not is_moment(moment) or moment >= last:
        and_recurs = f" with interval={interval}" if interval else ""
        raise InvalidArgument(
            f"schedule_at{and_recurs} must be from {FIRST_MOMENT} until before {last}, "
            f"not {schedule_at.isoformat()}."
        )
    return moment


def _in_utc(moment: datetime) -> datetime | None:
    """Return ``moment`` as a plain datetime in UTC; None if Python can't hold it there."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _check(name: str, kind: str, value: Any, allowed: range) -> int:
    # As a plain int: for a subclass such as IntegerChoices, `in` would walk through the range.
    is_whole = issubclass(type(value), int) and not isinstance(value, bool)
    if is_whole and int(value) in allowed:
        return int(value)
    raise InvalidArgument(
        f"{name} must be {kind} from {allowed[0]} to {allowed[-1]}, not {brief(value)}."
    )
