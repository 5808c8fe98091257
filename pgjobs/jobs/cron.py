"""Cron expressions: the check of an expression, and its next due time in a time zone."""

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


def check_cron(expression: object) -> str:
    """Return ``expression`` if it is a cron expression of five fields.

    Raises InvalidArgument for another value, for a day that never comes, and for a step
    that exceeds its field: croniter accepts ``*/90`` minutes and runs every hour.
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
                    f"cron {expression!r} steps the {name} by {step}, but the field ends at "
                    f"{limit}; use interval= (in minutes) for a longer rhythm."
                )
    try:
        next_slot(expression, after=datetime.now(UTC), zone=UTC)
    except CroniterBadDateError:
        raise InvalidArgument(f"cron {expression!r} names a day that never comes.") from None
    return expression


def next_slot(expression: str, *, after: datetime, zone: tzinfo) -> datetime:
    """Return the first due time of ``expression`` after ``after``, by the clocks of ``zone``.

    If the clocks skip a due time, it comes right after the gap. If they repeat an hour, a
    due time is repeated only for an expression that names no hour. So a daily job stays
    daily.
    """
    slots = croniter(expression, after.astimezone(zone))
    slot: datetime = slots.get_next(datetime)
    while slot.fold and not expression.split()[1].startswith("*"):
        slot = slots.get_next(datetime)
    return slot
