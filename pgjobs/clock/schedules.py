"""The schedules of system jobs: each has one row, and ``next_run`` is its next due time.

The clock that finds a schedule due locks the row. In the same transaction it enqueues the job and
moves ``next_run`` on, so that each due time is fired once.

The rule is that of the row. A process writes the rule of its own code to the row when it starts.
After that it goes by the row: another process may have newer code.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, connections, models, router, transaction
from django.db.models.functions import Now
from django.utils import timezone

from pgjobs import events
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.cron import check_cron, next_due_time
from pgjobs.jobs.system import SystemJob, system_jobs
from pgjobs.models import Job, Schedule
from pgjobs.sql import load


def synchronize() -> None:
    """Write the system jobs of this process to their schedules; switch off unknown schedules."""
    for job in system_jobs().values():
        _write_schedule(job)
    unknown = (
        Schedule.objects.using(job_database())
        .filter(enabled=True)
        .exclude(job_class__in=system_jobs())
    )
    for schedule in unknown:
        events.tell(events.ScheduleOff(schedule.job_class))
    unknown.update(enabled=False)


def fire_due() -> float | None:
    """Enqueue the system jobs that are due; return the seconds until the next due time.

    Returns None if this process knows no schedule that is switched on.
    """
    due_in = _next_due_in()
    if due_in is None or due_in > 0:
        return due_in
    with transaction.atomic(using=job_database()):
        due = _known().filter(next_run__lte=Now()).order_by("next_run")
        for schedule in due.select_for_update(skip_locked=True):
            _fire_or_skip(schedule)
    return _next_due_in()


def _next_due_in() -> float | None:
    # Two moments, because psycopg can't read an interval if the database sets an IntervalStyle.
    seen = _known().aggregate(soonest=models.Min("next_run"), now=models.Max(Now()))
    if seen["soonest"] is None:
        return None
    return float((seen["soonest"] - seen["now"]).total_seconds())


def _fire_or_skip(schedule: Schedule) -> None:
    """Fire a schedule; if its job can't be enqueued, skip to its next due time.

    A schedule with such a fault must not keep the other schedules from being fired.
    """
    try:
        with transaction.atomic(using=job_database()):
            _fire(schedule)
    except (OperationalError, InterfaceError):  # the database is away or locked, not the job wrong
        raise
    except Exception as error:
        events.tell(events.ScheduleNotFired(schedule.job_class, error))
        schedule.next_run = _due_after(_readable(schedule), schedule.next_run, _database_now())
        schedule.save(update_fields=["interval", "cron", "next_run"])


def _fire(schedule: Schedule) -> None:
    """Enqueue one job for this due time and all missed ones, unless the previous run is live."""
    known = system_jobs()[schedule.job_class]
    job = Job.enqueue_once(known.job_class, **{"queue_name": known.queue_name, **known.kwargs})
    schedule.last_run, schedule.last_job = schedule.next_run, job
    schedule.next_run = _due_after(schedule, schedule.next_run, _database_now())
    schedule.save(update_fields=["last_run", "last_job", "next_run"])
    events.tell(events.ScheduleFired(schedule.job_class, job, schedule.next_run))


def _readable(schedule: Schedule) -> Schedule:
    """Give ``schedule`` the rule of this process if its cron expression, by hand, is none."""
    if schedule.cron:
        try:
            check_cron(schedule.cron)
        except InvalidArgument:
            schedule.interval, schedule.cron = _rule_of(system_jobs()[schedule.job_class])
    return schedule


def _write_schedule(known: SystemJob) -> None:
    now = _database_now()
    interval, cron = _rule_of(known)
    new = Schedule(job_class=known.job_class.path, interval=interval, cron=cron)
    with transaction.atomic(using=job_database()):
        schedule, created = (
            Schedule.objects.using(job_database())
            .select_for_update()
            .get_or_create(
                job_class=new.job_class,
                defaults={"interval": interval, "cron": cron, "next_run": _first_due(new, now)},
            )
        )
        if created:
            return
        is_changed = (schedule.interval, schedule.cron) != (interval, cron)
        schedule.interval, schedule.cron = interval, cron
        if is_changed or _is_by_another_rule(schedule, now):
            schedule.next_run = _first_due(schedule, now)
        schedule.enabled = True
        schedule.save()


def _rule_of(known: SystemJob) -> tuple[int | None, str]:
    """Return the interval in minutes and the cron expression, as the row has them."""
    if known.interval is None:
        return None, known.cron
    return int(known.interval.total_seconds() // 60), ""


def _is_by_another_rule(schedule: Schedule, now: datetime) -> bool:
    """Return whether ``next_run`` lies ahead where the rule has no due time.

    A worker of an older release computes ``next_run`` by the rule of its own code.
    """
    if schedule.interval is None:
        return schedule.next_run > now and schedule.next_run != _due_after(schedule, now, now)
    return schedule.next_run > now + timedelta(minutes=schedule.interval)


def _first_due(schedule: Schedule, now: datetime) -> datetime:
    """Return the first due time of a new rule; an interval counts from the last run."""
    if schedule.interval is None:
        return _due_after(schedule, now, now)
    if schedule.last_run is None:
        return now
    return max(now, schedule.last_run + timedelta(minutes=schedule.interval))


def _due_after(schedule: Schedule, due: datetime, now: datetime) -> datetime:
    """Return the first due time later than ``now``; an interval keeps the phase of ``due``."""
    if schedule.interval is None:
        return next_due_time(schedule.cron, after=now, zone=timezone.get_default_timezone())
    interval = timedelta(minutes=schedule.interval)
    missed = (now - due) // interval
    return due + (max(missed, 0) + 1) * interval


def _known() -> models.QuerySet[Schedule]:
    return Schedule.objects.using(job_database()).filter(enabled=True, job_class__in=system_jobs())


def _database_now() -> datetime:
    with connections[job_database()].cursor() as cursor:
        cursor.execute(load("clock/now"))
        now: datetime = cursor.fetchone()[0]
    return now


def job_database() -> str:
    """Return the alias of the database that jobs are written to."""
    return router.db_for_write(Job)
