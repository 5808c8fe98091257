"""The clock: makes system jobs' schedules due.

A periodic procrastinate task ticks; the truth is each schedule's ``next_run``.
Procrastinate remembers only the newest slot of a periodic task, so a worker that was
paused makes old slots run again; here a slot is fired by whoever finds the row due,
locks it, and in the same transaction enqueues the job and moves ``next_run`` on.
"""

from __future__ import annotations

import logging
import threading
import time
from datetime import datetime
from typing import Final

from django.db import DatabaseError, connections, models, router, transaction
from django.db.models.functions import Now
from django.utils import timezone
from procrastinate.contrib.django import app as django_app

from pgjobs.cron import next_slot
from pgjobs.exceptions import PgJobsError
from pgjobs.models import Job, Schedule
from pgjobs.procrastination import ProcrastinateThread
from pgjobs.system_jobs import SystemJob, system_jobs

logger = logging.getLogger("pgjobs.clock")

QUEUE: Final = "pgjobs.clock"
TASK: Final = "pgjobs.clock.tick"
PERIOD: Final = 3.0
"""Seconds between ticks. A tick also watches over the period that follows it, so slots are met to
the moment; only if its worker dies, or is paused, does a slot wait for the next tick."""
_CRON: Final = "* * * * * */3"  # procrastinate's sixth field: seconds
_LOOK_AGAIN: Final = 2.0
_FORGET_LOST_TICKS: Final = """
DELETE FROM procrastinate_jobs
WHERE queue_name = %s
    AND (status NOT IN ('todo', 'doing') OR status = 'doing' AND worker_id IS NULL)
"""

_stopping = threading.Event()


class Clock:
    """Brings schedules up to date when a worker starts, and drives the tick while it runs."""

    def __init__(self, *, burst: bool = False) -> None:
        self._burst = burst
        # A process that knows no system job has no time to keep: that spares it procrastinate's
        # connections and half of its statements while idle.
        self._ticks = not burst and bool(system_jobs())
        self._thread = ProcrastinateThread(
            "pgjobs-clock",
            [QUEUE],
            delete_jobs="successful",  # ticks are many and say nothing once they have passed
            abort_job_polling_interval=3600.0,  # and nobody aborts them
        )

    def start(self) -> None:
        _stopping.clear()
        synchronize()
        _forget_lost_ticks()
        if self._burst:
            fire_due()
        elif self._ticks:
            self._thread.start()

    def drain(self) -> None:
        _stopping.set()
        if self._ticks:
            self._thread.drain()

    def has_ended(self) -> bool:
        return not (self._ticks and self._thread.is_alive())

    def stop(self, timeout: float) -> None:
        if self._ticks:
            self._thread.stop(timeout)

    def is_idle(self) -> bool:
        return True


def register_tick() -> None:
    """Make the tick known to procrastinate's Django app, and so to any of its workers."""
    if TASK not in django_app.tasks:
        task = django_app.task(name=TASK, queue=QUEUE, queueing_lock=TASK)(tick)
        django_app.periodic(cron=_CRON)(task)


def tick(timestamp: int) -> None:
    """Fire what is due, and until the next tick whatever becomes due."""
    until = time.monotonic() + PERIOD
    try:
        while True:
            due_in = fire_due()
            rest = min(
                _LOOK_AGAIN, until - time.monotonic(), _LOOK_AGAIN if due_in is None else due_in
            )
            if until <= time.monotonic() or _stopping.wait(max(rest, 0.01)):
                return
    except DatabaseError as error:
        logger.warning("tick=%s lost the database: %s", timestamp, error)


def synchronize() -> None:
    """Write this process's system jobs to their schedules; switch off those it doesn't know."""
    for job in system_jobs().values():
        _write_schedule(job)
    vanished = (
        Schedule.objects.using(_alias()).filter(enabled=True).exclude(job_class__in=system_jobs())
    )
    for schedule in vanished:
        logger.warning("schedule=%s is switched off: its job class is gone", schedule.job_class)
    vanished.update(enabled=False)


def _forget_lost_ticks() -> None:
    """Remove ticks that failed, or whose worker died in the middle: nobody will end those."""
    with connections[_alias()].cursor() as cursor:
        cursor.execute(_FORGET_LOST_TICKS, [QUEUE])


def fire_due() -> float | None:
    """Enqueue the system jobs whose slot has come; return the seconds until the next slot."""
    due_in = _next_due_in()
    if due_in is None or due_in > 0:
        return due_in
    with transaction.atomic(using=_alias()):
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
        with transaction.atomic(using=_alias()):
            _fire(schedule)
    except PgJobsError:
        logger.exception("schedule=%s could not be fired", schedule.job_class)
        rule = system_jobs()[schedule.job_class]
        schedule.next_run = _slot_after(rule, schedule.next_run, _database_now())
        schedule.save(update_fields=["next_run"])


def _fire(schedule: Schedule) -> None:
    """Once for this slot and any that were missed; not at all while the previous run is live."""
    rule = system_jobs()[schedule.job_class]
    job = rule.job_class.enqueue_once(**{"queue_name": rule.queue_name, **rule.kwargs})
    schedule.last_run, schedule.last_job = schedule.next_run, job
    schedule.next_run = _slot_after(rule, schedule.next_run, _database_now())
    schedule.save(update_fields=["last_run", "last_job", "next_run"])
    logger.info("schedule=%s job=%s next=%s", schedule.job_class, job.pk, schedule.next_run)


def _write_schedule(rule: SystemJob) -> None:
    minutes = None if rule.interval is None else int(rule.interval.total_seconds() // 60)
    now = _database_now()
    with transaction.atomic(using=_alias()):
        schedule, created = (
            Schedule.objects.using(_alias())
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
    return Schedule.objects.using(_alias()).filter(enabled=True, job_class__in=system_jobs())


def _database_now() -> datetime:
    with connections[_alias()].cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def _alias() -> str:
    return router.db_for_write(Job)
