"""Cron expressions: refuses bad expressions early, and finds due times in a time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from croniter import CroniterBadDateError, croniter

from pgjobs.exceptions import InvalidArgument

_RANGES = (
    ("minute", 59),
    ("hour", 23),
    ("day of the month", 31),
    ("month", 12),
    ("day of the week", 7),
)


def is_cron(expression: object) -> bool:
    """Return whether ``check_cron()`` takes ``expression``."""
    try:
        check_cron(expression)
    except InvalidArgument:
        return False
    return True


def check_cron(expression: object) -> str:
    """Return ``expression`` if it is a cron expression of five fields that comes due.

    Raises InvalidArgument otherwise, also for a step that exceeds its field: croniter takes
    ``*/90`` in the minutes without a word and means every hour.
    """
    if not isinstance(expression, str):
        raise InvalidArgument(f'cron must be a string such as "15 3 * * *", not {expression!r}.')
    fields = expression.split()
    if len(fields) != len(_RANGES) or not croniter.is_valid(expression):
        raise InvalidArgument(
            f"cron {expression!r} is not a cron expression. It takes five fields: minute, hour, "
            'day of the month, month, day of the week, such as "15 3 * * *".'
        )
    for field, (name, limit) in zip(fields, _RANGES, strict=True):
        for step in re.findall(r"/(\d+)", field):
            if int(step) > limit:
                raise InvalidArgument(
                    f"cron {expression!r} steps the {name} by {step}, past its end at {limit}; "
                    "use interval= (in minutes) for a longer rhythm."
                )
    try:
        next_due_time(expression, after=datetime.now(UTC), zone=UTC)
    except CroniterBadDateError:
        raise InvalidArgument(f"cron {expression!r} names a day that never comes.") from None
    return expression


def next_due_time(expression: str, *, after: datetime, zone: tzinfo) -> datetime:
    """Return the first due time of ``expression`` later than ``after``, by the clocks of ``zone``.

    A due time that the clocks skip moves to the moment right after the gap. In an hour that the
    clocks repeat, a due time comes twice only if the expression names no hour: a daily job stays
    daily.
    """
    due_times = croniter(expression, after.astimezone(zone))
    due: datetime = due_times.get_next(datetime)
    while due.fold and not expression.split()[1].startswith("*"):
        due = due_times.get_next(datetime)
    return due
