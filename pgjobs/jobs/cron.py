"""Cron expressions: refuse bad ones early, and find the next slot in a time zone."""

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
    """Return a five-field cron ``expression``; raise InvalidArgument for what is none.

    A step that exceeds its field is refused too: croniter takes ``*/90`` in the
    minutes silently and means every hour.
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
        next_slot(expression, after=datetime.now(UTC), zone=UTC)
    except CroniterBadDateError:
        raise InvalidArgument(f"cron {expression!r} names a day that never comes.") from None
    return expression


def next_slot(expression: str, *, after: datetime, zone: tzinfo) -> datetime:
    """Return the first slot of ``expression`` later than ``after``, by the clocks of ``zone``.

    A moment that the clocks skip fires right after. An hour that they repeat fires again
    only for an expression that names no hour: what is daily stays daily.
    """
    slots = croniter(expression, after.astimezone(zone))
    slot: datetime = slots.get_next(datetime)
    while slot.fold and not expression.split()[1].startswith("*"):
        slot = slots.get_next(datetime)
    return slot
