"""Jobs as lines of a short table: the newest jobs of a queue, of a worker, of a schedule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from pgjobs import stats
from pgjobs.models import Job
from pgjobs.models.job_objects import find_objects
from pgjobs.rows.columns import WIDE
from pgjobs.rows.failure import shown
from pgjobs.stats import JobFigures


@dataclass(frozen=True, slots=True)
class JobLine:
    """A job, the columns that the view of jobs computes, and the name of its object."""

    job: Job
    figures: JobFigures
    about: str


def lines(jobs: QuerySet[Job], limit: int) -> list[JobLine]:
    """Return the first ``limit`` of ``jobs`` with what a table shows of them."""
    found = list(jobs.select_related("object_type", "worker").defer(*WIDE)[:limit])
    figures = stats.figures((job.pk for job in found), jobs.db) if found else {}
    find_objects(found)
    return list(_lines(found, figures))


def _lines(jobs: Iterable[Job], figures: dict[int, JobFigures]) -> Iterable[JobLine]:
    for job in jobs:
        figure = figures.get(job.pk)
        if figure is not None:  # it may be deleted meanwhile
            yield JobLine(job, figure, _about(job, figure))


def _about(job: Job, figures: JobFigures) -> str:
    found = job.found_object  # type: ignore[attr-defined]
    # __str__ is code of the project.
    return (found is not None and shown(found, str)) or figures.object or ""
