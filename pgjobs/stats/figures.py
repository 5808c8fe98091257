"""The columns that the view of jobs computes, without a column of any length."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

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


def figures(ids: Iterable[int], using: str | None = None) -> dict[int, JobFigures]:
    """Return the figures of the jobs of ``ids`` that exist, by id."""
    rows = read(JobFigures, "stats/job_figures", using, ids=list(ids))
    return {row.id: row for row in rows}
