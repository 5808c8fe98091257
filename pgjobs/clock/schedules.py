"""The schedules of system jobs: each has one row, and ``next_run`` is its next due time.

The clock that finds a schedule due locks the row. In the same transaction it enqueues the job and
moves ``next_run`` on, so that each due time is fired once.

Each schedule has a transaction of its own: if its row is locked, or if another transaction holds
the place of its job, the other schedules are fired all the same.

The rule is that of the row. A process writes the rule of its own code to the row when it starts,
unless an operator has edited the rule. After that it goes by the row: another process may have
newer code.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import InterfaceError, OperationalError, models, transaction
from django.db.models.functions import Now

from pgjobs import events
from pgjobs.clock.rows import (
    apart,
    columns,
    comes_from_another,
    is_rule,
    save,
    set_aside,
    take_rule,
)
from pgjobs.jobs.due_times import due_after, due_after_break
from pgjobs.jobs.system import system_jobs
from pgjobs.limits import NEVER
from pgjobs.models import Job, Schedule
from pgjobs.models.job_database import database_now, job_database, locked_briefly

_AGAIN: Final = 0.5
"""Seconds until the next look if a schedule is still due: another transaction holds its row."""


def fire_due() -> float | None:
    """Enqueue the system jobs that are due; return the seconds until the next due time.

    Returns None if this process knows no schedule that is switched on.
    """
    due_in = _next_due_in()
    if due_in is None or due_in > 0:
        return due_in
    due = _known().filter(next_run__lte=Now()).order_by("next_run")
    for key, job_class in list(due.values_list("pk", "job_class")):
        with apart(job_class, key=key):
            _fire_unless_locked(key)
    due_in = _next_due_in()
    return due_in if due_in is None or due_in > 0 else _AGAIN


def _next_due_in() -> float | None:
    seen = _look()
    if seen["latest"] == NEVER:
        _give_due_times()
        seen = _look()
    if seen["soonest"] is None:
        return None
    return float((seen["soonest"] - seen["now"]).total_seconds())


def _look() -> dict[str, Any]:
    # Moments, because psycopg can't read an interval if the database sets an IntervalStyle.
    return _known().aggregate(
        soonest=models.Min("next_run"), latest=models.Max("next_run"), now=models.Max(Now())
    )


def _give_due_times() -> None:
    """Compute the next run of each schedule that was switched on in SQL, which knows no cron."""
    waiting = _known().filter(next_run=NEVER).order_by("pk")
    for key, job_class in list(waiting.values_list("pk", "job_class")):
        with apart(job_class, key=key), _unless_locked():
            schedule = waiting.filter(pk=key).select_for_update(skip_locked=True).first()
            if schedule is not None:
                before = columns(schedule)
                _mend_rule(schedule)
                schedule.next_run = due_after_break(schedule, database_now())
                save(schedule, before)


def _fire_unless_locked(key: int) -> None:
    """Fire the schedule with this key if it is still due; leave it for later if a lock is held.

    The lock is that of its row, or that of a job which another transaction has enqueued for its
    place and has not committed, or one for which a trigger of the project waits.
    """
    with _unless_locked():
        due = _known().filter(pk=key, next_run__lte=Now())
        schedule = due.select_for_update(skip_locked=True).first()
        if schedule is not None:
            _fire_or_skip(schedule)


@contextmanager
def _unless_locked() -> Iterator[None]:
    """Open a transaction; undo it without an error if it meets a lock."""
    try:
        with locked_briefly():
            yield
    except OperationalError as error:
        if not comes_from_another(error):
            raise


def _fire_or_skip(schedule: Schedule) -> None:
    """Fire a schedule; if its job can't be enqueued, skip to its next due time.

    A schedule with such a fault must not keep the other schedules from being fired.
    """
    before = columns(schedule)
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
        save(schedule, before)


def _fire(schedule: Schedule, before: dict[str, Any]) -> None:
    """Enqueue one job for this due time and all missed ones, unless the previous run is live."""
    known = system_jobs()[schedule.job_class]
    options = {**known.options, "queue_name": known.queue_name}
    job = Job.enqueue_once(known.target, arguments=known.kwargs, **options)
    schedule.last_run, schedule.last_job = schedule.next_run, job
    schedule.next_run = due_after(schedule, schedule.next_run, database_now())
    save(schedule, before)
    events.tell(events.ScheduleFired(schedule.job_class, job, schedule.next_run))


def _mend_rule(schedule: Schedule) -> None:
    """Give ``schedule`` the rule of this process if its own rule, written by hand, is none."""
    if not is_rule(schedule):
        take_rule(schedule, system_jobs()[schedule.job_class])


def _known() -> models.QuerySet[Schedule]:
    """Return the schedules that this process may fire at this moment."""
    known = Schedule.objects.using(job_database()).exclude(pk__in=set_aside())
    return known.filter(enabled=True, switched_off=None, job_class__in=system_jobs())
