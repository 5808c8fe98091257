"""The schedules of system jobs: one row each, whose ``next_run`` is the truth.

The clock that finds a row due locks it, and in the same transaction enqueues the job and moves
``next_run`` on, so that each slot is fired once.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connections, models, router, transaction
from django.db.models.functions import Now
from django.utils import timezone

from pgjobs import events
from pgjobs.exceptions import PgJobsError
from pgjobs.jobs.cron import next_slot
from pgjobs.jobs.system import SystemJob, system_jobs
from pgjobs.models import Job, Schedule


def synchronize() -> None:
    """Write this process's system jobs to their schedules; switch off those it doesn't know."""
    for job in system_jobs().values():
        _write_schedule(job)
    vanished = (
        Schedule.objects.using(job_database())
        .filter(enabled=True)
        .exclude(job_class__in=system_jobs())
    )
    for schedule in vanished:
        events.tell(events.ScheduleOff(schedule.job_class))
    vanished.update(enabled=False)


def fire_due() -> float | None:
    """Enqueue the system jobs whose slot has come; return the seconds until the next slot."""
    due_in = _next_due_in()
    if due_in is None or due_in > 0:
        return due_in
    with transaction.atomic(using=job_database()):
        due = _known().filter(next_run__lte=Now()).order_by("next_run")
        for schedule in due.select_for_update(skip_locked=True):
            _fire_alone(schedule)
    return _next_due_in()


def _next_due_in() -> float | None:
    soonest = _known().aggregate(due_in=models.Min(models.F("next_run") - Now()))["due_in"]
    return None if soonest is None else float(soonest.total_seconds())


def _fire_alone(schedule: Schedule) -> None:
    """Let a schedule that can't be fired cost no other its slot; it waits for its own next one."""
    try:
        with transaction.atomic(using=job_database()):
            _fire(schedule)
    except PgJobsError as error:
        events.tell(events.ScheduleNotFired(schedule.job_class, error))
        rule = system_jobs()[schedule.job_class]
        schedule.next_run = _slot_after(rule, schedule.next_run, _database_now())
        schedule.save(update_fields=["next_run"])


def _fire(schedule: Schedule) -> None:
    """Once for this slot and any that were missed; not at all while the previous run is live."""
    rule = system_jobs()[schedule.job_class]
    job = Job.enqueue_once(rule.job_class, **{"queue_name": rule.queue_name, **rule.kwargs})
    schedule.last_run, schedule.last_job = schedule.next_run, job
    schedule.next_run = _slot_after(rule, schedule.next_run, _database_now())
    schedule.save(update_fields=["last_run", "last_job", "next_run"])
    events.tell(events.ScheduleFired(schedule.job_class, job, schedule.next_run))


def _write_schedule(rule: SystemJob) -> None:
    minutes = None if rule.interval is None else int(rule.interval.total_seconds() // 60)
    now = _database_now()
    with transaction.atomic(using=job_database()):
        schedule, created = (
            Schedule.objects.using(job_database())
            .select_for_update()
            .get_or_create(
                job_class=rule.job_class.path,
                defaults={
                    "interval": minutes,
                    "cron": rule.cron,
                    "next_run": now if rule.interval else _slot_after(rule, now, now),
                },
            )
        )
        if created:
            return
        if (schedule.interval, schedule.cron) != (minutes, rule.cron):
            schedule.interval, schedule.cron = minutes, rule.cron
            schedule.next_run = _first_slot(rule, schedule.last_run, now)
        schedule.enabled = True
        schedule.save()


def _first_slot(rule: SystemJob, last_run: datetime | None, now: datetime) -> datetime:
    """Return when a changed rule first fires: an interval counts on from the last run."""
    if rule.interval is None:
        return _slot_after(rule, now, now)
    return now if last_run is None else max(now, last_run + rule.interval)


def _slot_after(rule: SystemJob, slot: datetime, now: datetime) -> datetime:
    """Return the first slot later than ``now``; an interval keeps the phase of ``slot``."""
    if rule.interval is None:
        return next_slot(rule.cron, after=now, zone=timezone.get_default_timezone())
    missed = (now - slot) // rule.interval
    return slot + (max(missed, 0) + 1) * rule.interval


def _known() -> models.QuerySet[Schedule]:
    return Schedule.objects.using(job_database()).filter(enabled=True, job_class__in=system_jobs())


def _database_now() -> datetime:
    with connections[job_database()].cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def job_database() -> str:
    """Return the alias of the database that jobs are written to."""
    return router.db_for_write(Job)
