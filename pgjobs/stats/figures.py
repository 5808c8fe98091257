"""The columns that the view of jobs computes, without a column of any length."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from django.db import connections, router

from pgjobs.models import Job
from pgjobs.sql import load
from pgjobs.stats.reading import read


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFigures:
    """The computed columns of ``pgjobs_jobs``. ``error`` is the first line of the error."""

    id: int
    object: str | None
    late_by: timedelta | None
    duration: timedelta | None
    time_limit: timedelta | None
    progress_percent: int | None
    progress_message: str | None
    error: str


_SPANS: Final = ("late_by", "duration", "time_limit")


def figures(ids: Iterable[int], using: str | None = None) -> dict[int, JobFigures]:
    """Return the figures of the jobs of ``ids`` that exist, by id."""
    rows = read(JobFigures, "stats/job_figures", using, ids=list(ids))
    return {row.id: _with_spans(row) for row in rows}


def served_queues(using: str | None = None) -> frozenset[str]:
    """Return the queues that a living worker serves."""
    with connections[using or router.db_for_read(Job)].cursor() as cursor:
        cursor.execute(load("stats/served_queues"))
        return frozenset(queue for (queue,) in cursor.fetchall())


def _with_spans(row: JobFigures) -> JobFigures:
    """Return ``row`` with spans in the place of the seconds that the statement reads."""
    seconds = {name: getattr(row, name) for name in _SPANS}
    spans: Any = {
        name: None if span is None else timedelta(seconds=span) for name, span in seconds.items()
    }
    return replace(row, **spans)
