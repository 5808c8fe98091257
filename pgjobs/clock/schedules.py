"""The schedules of system jobs: each has one row, and ``next_run`` is its next due time.

The clock that finds a schedule due locks the row. In the same transaction it enqueues the job and
moves ``next_run`` on, so that each due time is fired once.

Each schedule has a transaction of its own: if its row is locked, or if another transaction holds
the place of its job, the other schedules are fired all the same.

The rule is that of the row. A process writes the rule of its own code to the row when it starts.
After that it goes by the row: another process may have newer code.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import psycopg
from django.db import (
    DatabaseError,
    Error,
    InterfaceError,
    OperationalError,
    models,
    transaction,
)
from django.db.models.functions import Now

from pgjobs import events
from pgjobs.clock.database import database_now, job_database, locked_briefly
from pgjobs.clock.due_times import due_after, first_due, is_by_another_rule, rule_of
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.cron import check_cron
from pgjobs.jobs.system import SystemJob, system_jobs
from pgjobs.models import Job, Schedule
from pgjobs.worker.connection import is_away, is_passing

_AGAIN: Final = 0.5
"""Seconds until the next look if a schedule is still due: another transaction holds its row."""
_REFUSED_INTERVAL: Final = 60.0
"""Seconds until a schedule is tried again whose row refused to change."""

_next_try: dict[int, float] = {}
"""The ``time.monotonic()`` at which each schedule that refused is tried again, by its key."""


def synchronize() -> None:
    """Write the system jobs of this process to their schedules; switch off unknown schedules.

    A row that refuses, by a trigger or a policy of the project, keeps no worker from starting.
    """
    for job in system_jobs().values():
        _write_schedule(job)
    unknown = (
        Schedule.objects.using(job_database())
        .filter(enabled=True)
        .exclude(job_class__in=system_jobs())
    )
    for job_class in unknown.values_list("job_class", flat=True):
        events.tell(events.ScheduleOff(job_class))
    _switch_off(unknown)


def _switch_off(unknown: models.QuerySet[Schedule]) -> None:
    rows = list(unknown.values_list("pk", "job_class"))
    try:
        with locked_briefly():
            unknown.update(enabled=False)
    except Error as error:
        if not rows or is_away(error) or _is_passing(error):
            raise
        for key, job_class in rows:
            with _apart(job_class), locked_briefly():
                Schedule.objects.using(job_database()).filter(pk=key).update(enabled=False)


@contextmanager
def _apart(job_class: str, *, key: int | None = None) -> Iterator[None]:
    """Tell of an error by which the row of one schedule refuses a change, and go on.

    If ``key`` is given, the schedule with this key is set aside for a while. An error that comes
    from the server or from another transaction is raised.
    """
    try:
        yield
    except Exception as error:
        if is_away(error) or _is_passing(error):
            raise
        events.tell(events.ScheduleRefused(job_class, error))
        if key is not None:
            _next_try[key] = time.monotonic() + _REFUSED_INTERVAL


def _is_passing(error: Exception) -> bool:
    cause = error.__cause__
    return isinstance(cause, psycopg.Error) and is_passing(cause)


def fire_due() -> float | None:
    """Enqueue the system jobs that are due; return the seconds until the next due time.

    Returns None if this process knows no schedule that is switched on.
    """
    due_in = _next_due_in()
    if due_in is None or due_in > 0:
        return due_in
    due = _known().filter(next_run__lte=Now()).order_by("next_run")
    for key, job_class in list(due.values_list("pk", "job_class")):
        with _apart(job_class, key=key):
            _fire_unless_locked(key)
    due_in = _next_due_in()
    return due_in if due_in is None or due_in > 0 else _AGAIN


def _next_due_in() -> float | None:
    # Two moments, because psycopg can't read an interval if the database sets an IntervalStyle.
    seen = _known().aggregate(soonest=models.Min("next_run"), now=models.Max(Now()))
    if seen["soonest"] is None:
        return None
    return float((seen["soonest"] - seen["now"]).total_seconds())


def _fire_unless_locked(key: int) -> None:
    """Fire the schedule with this key if it is still due; leave it for later if a lock is held.

    The lock is that of its row, or that of a job which another transaction has enqueued for its
    place and has not committed, or one for which a trigger of the project waits.
    """
    try:
        with locked_briefly():
            due = _known().filter(pk=key, next_run__lte=Now())
            schedule = due.select_for_update(skip_locked=True).first()
            if schedule is not None:
                _fire_or_skip(schedule)
    except OperationalError as error:
        if not _is_passing(error):
            raise


def _fire_or_skip(schedule: Schedule) -> None:
    """Fire a schedule; if its job can't be enqueued, skip to its next due time.

    A schedule with such a fault must not keep the other schedules from being fired.
    """
    before = _columns(schedule)
    try:
        with transaction.atomic(using=job_database()):
            _fire(schedule, before)
    except (OperationalError, InterfaceError):  # the database is away or locked, not the job wrong
        raise
    except Exception as error:
        events.tell(events.ScheduleNotFired(schedule.job_class, error))
        vars(schedule).update(before)  # the changes that the savepoint has undone
        _mend_rule(schedule)
        schedule.next_run = due_after(schedule, schedule.next_run, database_now())
        _save(schedule, before)


def _fire(schedule: Schedule, before: dict[str, Any]) -> None:
    """Enqueue one job for this due time and all missed ones, unless the previous run is live."""
    known = system_jobs()[schedule.job_class]
    job = Job.enqueue_once(known.job_class, **{"queue_name": known.queue_name, **known.kwargs})
    schedule.last_run, schedule.last_job = schedule.next_run, job
    schedule.next_run = due_after(schedule, schedule.next_run, database_now())
    _save(schedule, before)
    events.tell(events.ScheduleFired(schedule.job_class, job, schedule.next_run))


def _columns(schedule: Schedule) -> dict[str, Any]:
    return {field.attname: getattr(schedule, field.attname) for field in schedule._meta.fields}


def _save(schedule: Schedule, before: dict[str, Any]) -> None:
    """Write the columns that differ from ``before``.

    Raises DatabaseError if a trigger of the project keeps the row as it was. The UPDATE counts a
    row for which a trigger returns OLD, and its job would be fired again and again.
    """
    changed = {name for name, value in _columns(schedule).items() if value != before[name]}
    if not changed:
        return
    schedule.save(update_fields=changed)
    rows = Schedule.objects.using(job_database()).filter(pk=schedule.pk)
    if rows.filter(**{name: before[name] for name in changed}).exists():
        raise DatabaseError("a trigger of pgjobs_schedule keeps the row as it is")


def _mend_rule(schedule: Schedule) -> None:
    """Give ``schedule`` the rule of this process if its own rule, written by hand, is none."""
    if schedule.interval is not None:
        return
    try:
        check_cron(schedule.cron)
    except InvalidArgument:
        schedule.interval, schedule.cron = rule_of(system_jobs()[schedule.job_class])


def _write_schedule(known: SystemJob) -> None:
    """Write the rule of ``known``; if the row has it already, change nothing and lock nothing."""
    rows = Schedule.objects.using(job_database()).filter(job_class=known.job_class.path)
    if (seen := rows.first()) is None or _is_outdated(seen, known, database_now()):
        with _apart(known.job_class.path):
            _write_rule(known)


def _is_outdated(schedule: Schedule, known: SystemJob, now: datetime) -> bool:
    is_changed = (schedule.interval, schedule.cron) != rule_of(known)
    return is_changed or not schedule.enabled or is_by_another_rule(schedule, now)


def _write_rule(known: SystemJob) -> None:
    now = database_now()
    interval, cron = rule_of(known)
    new = Schedule(job_class=known.job_class.path, interval=interval, cron=cron)
    columns = {"interval": interval, "cron": cron, "next_run": first_due(new, now)}
    with locked_briefly():
        rows = Schedule.objects.using(job_database()).select_for_update()
        schedule, created = rows.get_or_create(job_class=new.job_class, defaults=columns)
        if created and schedule.pk is None:
            raise DatabaseError("a trigger of pgjobs_schedule keeps the row from being inserted")
        if created:
            return
        before = _columns(schedule)
        is_changed = (schedule.interval, schedule.cron) != (interval, cron)
        schedule.interval, schedule.cron = interval, cron
        if is_changed or is_by_another_rule(schedule, now):
            schedule.next_run = first_due(schedule, now)
        schedule.enabled = True
        _save(schedule, before)


def _known() -> models.QuerySet[Schedule]:
    """Return the schedules that this process may fire at this moment."""
    now = time.monotonic()
    for key in [key for key, at in _next_try.items() if at <= now]:
        del _next_try[key]
    known = Schedule.objects.using(job_database()).exclude(pk__in=list(_next_try))
    return known.filter(enabled=True, job_class__in=system_jobs())
