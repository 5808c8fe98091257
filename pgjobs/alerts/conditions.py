"""The conditions of alerts, read from the tables. Each function stands for one kind of alert."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connections

from pgjobs import stats
from pgjobs.alerts.alert import Alert
from pgjobs.sql import load
from pgjobs.thresholds import Thresholds


def find(thresholds: Thresholds, using: str) -> list[Alert]:
    """Return an alert for each condition that holds now."""
    return [
        *_long_waits(thresholds, using),
        *_failures(thresholds, using),
        *_late_schedules(thresholds, using),
    ]


class _Wait(NamedTuple):
    """A queue in which due jobs wait, and how many living workers serve it."""

    queue: str
    waited: timedelta
    workers: int


def _long_waits(thresholds: Thresholds, using: str) -> Iterator[Alert]:
    if thresholds.oldest_wait is None and thresholds.no_worker is None:
        return
    for row in _read("alerts/waits", using, paused=thresholds.paused):
        wait = _Wait(*row)
        seconds = wait.waited.total_seconds()
        if thresholds.oldest_wait is not None and seconds > thresholds.oldest_wait:
            yield Alert(
                kind="oldest_wait",
                subject=wait.queue,
                message=f"A job of the queue {wait.queue} has waited for {seconds:.0f} s.",
            )
        if not wait.workers and thresholds.no_worker is not None and seconds > thresholds.no_worker:
            yield Alert(
                kind="no_worker",
                subject=wait.queue,
                message=f"Jobs wait in the queue {wait.queue}, and no living worker serves it.",
            )


def _failures(thresholds: Thresholds, using: str) -> Iterator[Alert]:
    if thresholds.failure_rate is None:
        return
    for job_class, ended, failed in _ended(thresholds.failure_window, using):
        if ended >= thresholds.failure_count and failed / ended > thresholds.failure_rate:
            yield Alert(
                kind="failure_rate",
                subject=job_class,
                message=(
                    f"{failed} of {ended} jobs of the class {job_class} that ended in the last "
                    f"{thresholds.failure_window:g} s are errored or failed."
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
