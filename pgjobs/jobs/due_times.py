"""The due times that follow from the rule of a schedule."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from pgjobs.jobs.cron import next_due_time
from pgjobs.jobs.system import SystemJob
from pgjobs.models import Schedule


def rule_of(known: SystemJob) -> tuple[int | None, str]:
    """Return the interval in minutes and the cron expression, as the row has them."""
    if known.interval is None:
        return None, known.cron
    return int(known.interval.total_seconds() // 60), ""


def is_by_another_rule(schedule: Schedule, now: datetime) -> bool:
    """Return whether ``next_run`` lies ahead where the rule has no due time.

    A worker of an older release computes ``next_run`` by the rule of its own code.
    """
    next_run: datetime = schedule.next_run
    if schedule.interval is None:
        return next_run > now and next_run != due_after(schedule, now, now)
    return next_run > now + timedelta(minutes=schedule.interval)


def first_due(schedule: Schedule, now: datetime) -> datetime:
    """Return the first due time of a new rule; an interval counts from the last run."""
    if schedule.interval is None:
        return due_after(schedule, now, now)
    last_run: datetime | None = schedule.last_run
    if last_run is None:
        return now
    return max(now, last_run + timedelta(minutes=schedule.interval))


def due_after_break(schedule: Schedule, now: datetime) -> datetime:
    """Return the next due time of a schedule that was switched off, without the missed ones."""
    last_run: datetime | None = schedule.last_run
    if schedule.interval is not None and last_run is None:
        return now
    return due_after(schedule, last_run or now, now)


def due_after(schedule: Schedule, due: datetime, now: datetime) -> datetime:
    """Return the first due time later than ``now``; an interval keeps the phase of ``due``."""
    if schedule.interval is None:
        return next_due_time(schedule.cron, after=now, zone=timezone.get_default_timezone())
    interval = timedelta(minutes=schedule.interval)
    missed = (now - due) // interval
    return due + (max(missed, 0) + 1) * interval
