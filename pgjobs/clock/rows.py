"""The rows of schedules, each of which may refuse a change without stopping the others."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from django.db import DatabaseError

from pgjobs import events
from pgjobs.jobs.cron import is_cron
from pgjobs.jobs.due_times import rule_of
from pgjobs.jobs.system import SystemJob
from pgjobs.models import Schedule
from pgjobs.models.job_database import job_database
from pgjobs.worker.errors import is_away, is_passing

_REFUSED_INTERVAL: Final = 60.0
"""Seconds until a schedule is tried again whose row refused to change."""

_next_try: dict[int, float] = {}
"""The ``time.monotonic()`` at which each schedule that refused is tried again, by its key."""


def set_aside() -> list[int]:
    """Return the keys of the schedules that have refused and are not tried again yet."""
    now = time.monotonic()
    for key in [key for key, at in _next_try.items() if at <= now]:
        del _next_try[key]
    return list(_next_try)


@contextmanager
def apart(job_class: str, *, key: int | None = None) -> Iterator[None]:
    """Tell of an error by which the row of one schedule refuses a change, and go on.

    If ``key`` is given, the schedule with this key is set aside for a while. An error that comes
    from the server or from another transaction is raised.
    """
    try:
        yield
    except Exception as error:
        if is_away(error) or comes_from_another(error):
            raise
        events.tell(events.ScheduleRefused(job_class, error))
        if key is not None:
            _next_try[key] = time.monotonic() + _REFUSED_INTERVAL


def comes_from_another(error: Exception) -> bool:
    cause = error.__cause__
    return isinstance(cause, psycopg.Error) and is_passing(cause)


def columns(schedule: Schedule) -> dict[str, Any]:
    return {field.attname: getattr(schedule, field.attname) for field in schedule._meta.fields}


def save(schedule: Schedule, before: dict[str, Any]) -> None:
    """Write the columns that differ from ``before``.

    Raises DatabaseError if a trigger of the project keeps the row as it was. The UPDATE counts a
    row for which a trigger returns OLD, and its job would be fired again and again.
    """
    changed = {name for name, value in columns(schedule).items() if value != before[name]}
    if not changed:
        return
    schedule.save(update_fields=changed)
    rows = Schedule.objects.using(job_database()).filter(pk=schedule.pk)
    if rows.filter(**{name: before[name] for name in changed}).exists():
        raise DatabaseError("a trigger of pgjobs_schedule keeps the row as it is")


def is_rule(schedule: Schedule) -> bool:
    return schedule.interval is not None or is_cron(schedule.cron)


def take_rule(schedule: Schedule, known: SystemJob) -> None:
    schedule.interval, schedule.cron = rule_of(known)
    schedule.edited_interval, schedule.edited_cron = None, ""
