"""The conditions of alerts, read from the tables. Each function stands for one kind of alert."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.db import connections

from pgjobs import stats
from pgjobs.alerts.alert import Alert
from pgjobs.models import Pause
from pgjobs.showing import counted
from pgjobs.sql import load
from pgjobs.thresholds import Thresholds

_MOST_JOBS: Final = 10_000
"""Scheduled jobs, the first due ones, that are looked at for waits."""


def find(thresholds: Thresholds, using: str) -> list[Alert]:
    """Return an alert for each condition that holds now."""
    return [
        *_long_waits(thresholds, using),
        *_failures(thresholds, using),
        *_late_schedules(thresholds, using),
    ]


def _long_waits(thresholds: Thresholds, using: str) -> Iterator[Alert]:
    if thresholds.oldest_wait is None and thresholds.no_worker is None:
        return
    served = {queue for worker in stats.workers(using) if worker.alive for queue in worker.queues}
    for queue, waited in _waits(thresholds, using):
        seconds = waited.total_seconds()
        if thresholds.oldest_wait is not None and seconds > thresholds.oldest_wait:
            yield Alert(
                kind="oldest_wait",
                subject=queue,
                message=f"A job of the queue {queue} has waited for {seconds:.0f} s.",
            )
        if (
            queue not in served
            and thresholds.no_worker is not None
            and seconds > thresholds.no_worker
        ):
            yield Alert(
                kind="no_worker",
                subject=queue,
                message=(
                    f"A job of the queue {queue} has waited for {seconds:.0f} s, and no living "
                    "worker serves the queue."
                ),
            )


def _waits(thresholds: Thresholds, using: str) -> Iterator[tuple[str, timedelta]]:
    """Yield the queues in which due jobs wait, each with the longest wait."""
    pauses = [] if thresholds.paused else list(Pause.objects.using(using))
    queues = {each.name for each in pauses if each.kind == Pause.Kind.QUEUE}
    classes = [each.name for each in pauses if each.kind == Pause.Kind.JOB_CLASS]
    for each in stats.backlog(_MOST_JOBS, using, without=classes):
        if each.oldest_wait is not None and each.queue not in queues:
            yield each.queue, each.oldest_wait


def _failures(thresholds: Thresholds, using: str) -> Iterator[Alert]:
    if thresholds.failure_rate is None:
        return
    for job_class, ended, failed in _ended(thresholds.failure_window, using):
        if ended >= thresholds.failure_count and failed / ended > thresholds.failure_rate:
            yield Alert(
                kind="failure_rate",
                subject=job_class,
                message=(
                    f"Of {counted(ended, 'job')} of the class {job_class} that ended in the last "
                    f"{thresholds.failure_window:g} s, {failed} {'is' if failed == 1 else 'are'} "
                    "errored or failed."
                ),
            )


def _ended(seconds: float, using: str) -> list[tuple[str, int, int]]:
    """Return for each class how many jobs ended in the last ``seconds``, and how many badly."""
    return _read("alerts/failures", using, seconds=seconds)


def _late_schedules(thresholds: Thresholds, using: str) -> Iterator[Alert]:
    if thresholds.late_schedule is None:
        return
    for each in stats.schedules(using):
        late = each.overdue_by
        if late is not None and late.total_seconds() > thresholds.late_schedule:
            yield Alert(
                kind="late_schedule",
                subject=each.job_class,
                message=f"The system job {each.job_class} is late by {late.total_seconds():.0f} s.",
            )


def _read(name: str, using: str, **params: Any) -> list[Any]:
    with connections[using].cursor() as cursor:
        cursor.execute(load(name), params)
        return list(cursor.fetchall())
