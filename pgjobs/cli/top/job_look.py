"""The reading for the screen of one job. Long texts are cut, and big columns are read once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models.functions import Left

from pgjobs import stats
from pgjobs.access import redacted_column
from pgjobs.cli.top.reader import patiently
from pgjobs.models import JobLogEntry
from pgjobs.steering.selection import all_jobs

_MOST_LINES: Final = 200
_LONGEST_MESSAGE: Final = 2000
_MOST_ATTEMPTS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One entry of the log."""

    timestamp: datetime
    level: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """The columns of any length. They change only with the attempt or the status."""

    arguments: str
    errors: Sequence[Any]
    """The last entries of ``job.errors``."""
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLook:
    """One job, as a look has found it."""

    row: stats.JobRow
    whole: Whole
    why: Sequence[stats.Reason]
    log: Sequence[LogLine]
    """The last lines."""


def look_at_job(job_id: int, before: JobLook | None) -> JobLook | None:
    """Read one job, or return None if it is gone. ``before`` is the look before this one."""
    with patiently() as using:
        rows = stats.jobs([job_id], using)
        if not rows:
            return None
        return JobLook(
            row=rows[0],
            whole=before.whole if before and _is_same(before.row, rows[0]) else _whole(job_id),
            why=stats.why(job_id, using),
            log=_log(job_id, using),
        )


def _is_same(before: stats.JobRow, now: stats.JobRow) -> bool:
    return (before.status, before.attempt, before.started) == (now.status, now.attempt, now.started)


def _whole(job_id: int) -> Whole:
    job = all_jobs().get(pk=job_id)
    args, arguments, errors = (redacted_column(job, name) for name in ("args", "kwargs", "errors"))
    if args:
        arguments = {"args": args, "kwargs": arguments}
    errors = errors if isinstance(errors, list) else []
    return Whole(arguments=_pretty(arguments), errors=errors[-_MOST_ATTEMPTS:], error=job.error)


def _pretty(value: Any) -> str:
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except RecursionError:
        return str(value)


def _log(job_id: int, using: str) -> list[LogLine]:
    lines = JobLogEntry.objects.using(using).filter(job=job_id).order_by("-pk")
    newest = lines.values_list("timestamp", "level", Left("message", _LONGEST_MESSAGE))
    return [
        LogLine(timestamp=timestamp, level=level, message=message)
        for timestamp, level, message in reversed(newest[:_MOST_LINES])
    ]
