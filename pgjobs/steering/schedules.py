"""Schedules as people order them: run now, switch off and on, edit the rule.

A schedule is named by the dotted path of its job class. Each function raises LookupError for a
schedule that does not exist.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import models
from django.db.models.functions import Now

from pgjobs.enqueueing.bounds import check_interval
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.cron import check_cron, is_cron
from pgjobs.jobs.due_times import due_after_break, first_due, rule_of
from pgjobs.jobs.system import SystemJob, system_jobs
from pgjobs.limits import NEVER
from pgjobs.models import Job, Schedule
from pgjobs.models.job_database import (
    database_now,
    job_database,
    locked_briefly,
    tried_again,
)
from pgjobs.registry.targets import is_job_class
from pgjobs.steering.actor import UNNAMED, Actor
from pgjobs.steering.journal import acting


@dataclass(frozen=True, slots=True)
class Run:
    """The job that ``run()`` has enqueued, or the live one that was there."""

    job: Job
    is_new: bool


@tried_again
def run(name: str, *, by: Actor = UNNAMED) -> Run:
    """Enqueue the job of a schedule at once, as its clock would; ``next_run`` stays as it is.

    If a run of the schedule is live, return it. A schedule that is switched off may be run too.
    Raises LookupError if this process does not know the job class as a system job.
    """
    known = _known(name)
    options = {**known.options, "queue_name": known.queue_name, "arguments": known.kwargs}
    with acting("run schedule", by=by, subject=name) as entry:
        run = Run(*Job.objects.all().hold_place(known.target, **options))
        entry.jobs, entry.done = [run.job.pk], int(run.is_new)
    return run


@tried_again
def switch_off(name: str, *, by: Actor = UNNAMED) -> bool:
    """Let a schedule fire no more until it is switched on; return False if it was off already.

    No restart and no deploy switches it on. A live run of it goes on.
    """
    with acting("switch off", by=by, subject=name) as entry:
        on = _named(name).filter(switched_off=None)
        entry.done = on.update(switched_off=Now(), next_run=NEVER)
    if not entry.done and not _named(name).exists():
        raise _unknown(name)
    return bool(entry.done)


@tried_again
def switch_on(name: str, *, by: Actor = UNNAMED) -> bool:
    """Let a schedule fire again; return False if it was on.

    Due times that it has missed are left out.
    """
    with acting("switch on", by=by, subject=name) as entry, _locked(name) as schedule:
        if schedule.switched_off is not None:
            schedule.switched_off = None
            # A clock gives its own rule to a row without one.
            has_rule = schedule.interval is not None or is_cron(schedule.cron)
            schedule.next_run = due_after_break(schedule, database_now()) if has_rule else NEVER
            schedule.save(update_fields=["switched_off", "next_run"])
            entry.done = 1
    return bool(entry.done)


@tried_again
def edit(
    name: str, *, by: Actor = UNNAMED, interval: int | None = None, cron: str | None = None
) -> Schedule:
    """Give a schedule another rule than that of the code, and return it.

    The rule outlives restarts and deploys, until ``take_back()``. Raises InvalidArgument for a
    wrong rule, or if neither ``Meta`` nor ``@job`` sets ``editable_schedule``.
    """
    known = _known(name)
    if not known.is_editable:
        place = "Meta" if is_job_class(known.target) else "@pgjobs.job"
        raise InvalidArgument(
            f"The rule of {name} may not be edited: its {place} does not set "
            "editable_schedule=True."
        )
    if (interval is None) == (cron is None):
        raise InvalidArgument("Give either interval (minutes) or cron, and not both.")
    minutes = None if interval is None else check_interval(interval)
    expression = "" if cron is None else check_cron(cron)
    with acting("edit schedule", by=by, subject=name) as entry, _locked(name) as schedule:
        schedule.edited_interval, schedule.edited_cron = minutes, expression
        _set_rule(schedule, minutes, expression)
        entry.options, entry.done = {"interval": minutes, "cron": expression}, 1
    return schedule


@tried_again
def take_back(name: str, *, by: Actor = UNNAMED) -> bool:
    """Give a schedule the rule of the code again; return False if it was not edited."""
    known = _known(name)
    with acting("take rule back", by=by, subject=name) as entry, _locked(name) as schedule:
        if schedule.is_edited:
            schedule.edited_interval, schedule.edited_cron = None, ""
            _set_rule(schedule, *rule_of(known))
            entry.done = 1
    return bool(entry.done)


def _set_rule(schedule: Schedule, interval: int | None, cron: str) -> None:
    is_changed = (schedule.interval, schedule.cron) != (interval, cron)
    schedule.interval, schedule.cron = interval, cron
    if is_changed and schedule.switched_off is None:
        schedule.next_run = first_due(schedule, database_now())
    schedule.save(update_fields=["interval", "cron", "edited_interval", "edited_cron", "next_run"])


def _known(name: str) -> SystemJob:
    known = system_jobs().get(name)
    if known is None:
        raise LookupError(
            f"{name!r} is no system job of this code. System jobs are: "
            f"{', '.join(sorted(system_jobs())) or 'none'}."
        )
    return known


def _named(name: str) -> models.QuerySet[Schedule]:
    return Schedule.objects.using(job_database()).filter(job_class=name)


@contextmanager
def _locked(name: str) -> Iterator[Schedule]:
    """Lock the row of a schedule, so that no clock fires it meanwhile."""
    with locked_briefly():
        schedule = _named(name).select_for_update().first()
        if schedule is None:
            raise _unknown(name)
        yield schedule


def _unknown(name: str) -> LookupError:
    names = Schedule.objects.using(job_database()).order_by("job_class")
    there = ", ".join(names.values_list("job_class", flat=True))
    return LookupError(
        f"There is no schedule {name!r}. "
        + (f"There are: {there}." if there else "A worker writes the schedules when it starts.")
    )
