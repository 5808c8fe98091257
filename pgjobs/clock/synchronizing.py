"""Brings the schedules up to date with the code of this process, when a worker starts."""

from __future__ import annotations

from copy import copy
from datetime import datetime

from django.db import DatabaseError, Error, models

from pgjobs import codec, events
from pgjobs.clock.rows import apart, columns, comes_from_another, is_rule, save, take_rule
from pgjobs.jobs.due_times import due_after_break, first_due, is_by_another_rule
from pgjobs.jobs.system import SystemJob, system_jobs
from pgjobs.limits import NEVER
from pgjobs.models import Schedule
from pgjobs.models.job_database import database_now, job_database, locked_briefly
from pgjobs.worker.errors import is_away


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
        if not rows or is_away(error) or comes_from_another(error):
            raise
        for key, job_class in rows:
            with apart(job_class), locked_briefly():
                Schedule.objects.using(job_database()).filter(pk=key).update(enabled=False)


def _write_schedule(known: SystemJob) -> None:
    """Write the rule of ``known``; if the row has it already, change nothing and lock nothing."""
    rows = Schedule.objects.using(job_database()).filter(job_class=known.path)
    seen = rows.first()
    if seen is None or columns(_updated(seen, known, database_now())) != columns(seen):
        with apart(known.path):
            _write_rule(known)


def _write_rule(known: SystemJob) -> None:
    now = database_now()
    new = _updated(Schedule(job_class=known.path, next_run=now), known, now)
    with locked_briefly():
        rows = Schedule.objects.using(job_database()).select_for_update()
        schedule, created = rows.get_or_create(job_class=new.job_class, defaults=columns(new))
        if created and schedule.pk is None:
            raise DatabaseError("a trigger of pgjobs_schedule keeps the row from being inserted")
        if created:
            return
        updated = _updated(schedule, known, now)
        if schedule.is_edited and not updated.is_edited:
            events.tell(events.ScheduleEditDropped(schedule.job_class))
        save(updated, columns(schedule))


def _updated(schedule: Schedule, known: SystemJob, now: datetime) -> Schedule:
    """Return ``schedule`` as the code of this process wants it.

    The word of an operator stays: a schedule that is switched off, and an edited rule if the class
    still allows one.
    """
    updated = copy(schedule)
    may_be_edited = known.is_editable
    if not (schedule.is_edited and may_be_edited and is_rule(schedule)):
        take_rule(updated, known)
    updated.enabled = True
    updated.kwargs, updated.queue_name = codec.encode(known.kwargs, "kwargs"), known.queue_name
    is_changed = (updated.interval, updated.cron) != (schedule.interval, schedule.cron)
    if schedule.switched_off is not None:
        updated.next_run = NEVER
    elif schedule.next_run == NEVER:
        updated.next_run = due_after_break(updated, now)
    elif is_changed or is_by_another_rule(updated, now):
        updated.next_run = first_due(updated, now)
    return updated
