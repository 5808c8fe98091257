"""Kinds of failure: failed jobs that have one class, one exception and one place in the code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db.models.functions import Left
from django.http import HttpRequest

from pgjobs import stats
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.models.job_failures import EXCEPTION, FRAME, failed_by
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.pages.sight import WINDOW, Sight
from pgjobs.steering.selection import all_jobs

UNSUCCESSFUL: Final = (JobStatus.ERRORED, JobStatus.FAILED)
MOST: Final = 2000
"""Failed jobs that are grouped, the newest ones."""
COUNTED: Final = 5000
"""The newest failed jobs, among which the jobs of one kind are counted."""
KINDS: Final = 200
"""Kinds of failure that a page lists, the last seen ones."""
_ERROR: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """The fingerprint that failed jobs have in common."""

    job_class: str
    exception: str
    frame: str

    @classmethod
    def of(cls, request: HttpRequest) -> Kind:
        """Return the kind that an address names."""
        given = {key: request.GET.get(key, "").replace("\0", "") for key in _KEYS}
        return cls(job_class=given["class"], exception=given["exception"], frame=given["frame"])

    def query(self) -> dict[str, str]:
        """Return the parameters that name the kind in an address."""
        return dict(zip(_KEYS, (self.job_class, self.exception, self.frame), strict=True))

    @property
    def as_filter(self) -> str:
        """The value of the filter ``failure`` that means this kind; empty if none does."""
        return f"{self.exception}@{self.frame}" if "@" not in self.exception else ""

    def among(self, jobs: JobQuerySet[Job]) -> JobQuerySet[Job]:
        """Return the failed ``jobs`` of this kind."""
        return failed(jobs).filter(failed_by(self.exception, self.frame), job_class=self.job_class)


_KEYS: Final = ("class", "exception", "frame")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A kind of failure, how often and when it was seen, and its newest job."""

    kind: Kind
    jobs: int
    first_seen: datetime
    last_seen: datetime
    example_id: int
    error: str = ""
    """The first line of the error of the newest job; empty if the job is gone."""


def failed(jobs: JobQuerySet[Job]) -> JobQuerySet[Job]:
    """Return the jobs of ``jobs`` that failed or errored."""
    return jobs.filter(status__in=UNSUCCESSFUL)


def newest(sight: Sight, kind: Kind) -> list[int]:
    """Return the ids of the jobs of one kind among the `counted()` newest failed ones.

    No index finds the jobs of a kind. But one has the failed jobs by the time of their end.
    """
    most = counted(sight)
    jobs = kind.among(sight.jobs)
    if (bound := _end_of(most)) is not None:
        jobs = jobs.filter(completed__gte=bound)
    return list(jobs.order_by("-completed").values_list("pk", flat=True)[:most])


def counted(sight: Sight) -> int:
    """Return the number of the newest failed jobs of all users among which a kind is counted.

    A user with a narrow sight may see few of the newest jobs, so more of them are looked at.
    """
    return COUNTED if sight.is_whole else WINDOW


def _end_of(newest: int) -> datetime | None:
    """Return the end of the oldest among so many newest failed jobs; None if there are fewer.

    All failed jobs count, and not the visible ones alone: PostgreSQL would read each failed job
    until it has found enough of them.
    """
    ends = failed(all_jobs()).order_by("-completed").values_list("completed", flat=True)
    return ends[newest - 1 : newest].first()


def of_all_time(sight: Sight) -> list[Seen]:
    """Return the kinds that the statistics know, the last seen one first, also of pruned jobs."""
    counted = stats.failure_kinds(KINDS, sight.using)
    found = [
        Seen(
            kind=Kind(job_class=each.job_class, exception=each.exception, frame=each.frame),
            jobs=each.jobs,
            first_seen=each.first_seen,
            last_seen=each.last_seen,
            example_id=each.example_id,
        )
        for each in counted
    ]
    return _with_errors(sight, found)


def since(sight: Sight, moment: datetime | None = None) -> tuple[list[Seen], bool]:
    """Return the kinds of the visible failed jobs since a moment, and whether these are all.

    The newest `MOST` jobs are grouped, and for a user who sees some of the jobs those among the
    `WINDOW` newest failed ones. A job that was retried is no failed job any more.
    """
    jobs = failed(sight.jobs)
    bound = None if sight.is_whole else _end_of(WINDOW)
    is_cut = bound is not None and (moment is None or moment < bound)
    if is_cut:
        moment = bound
    if moment is not None:
        jobs = jobs.filter(completed__gte=moment)
    rows = list(
        jobs.order_by("-completed").values_list(
            "job_class", EXCEPTION, FRAME, "completed", "pk", Left("error", _ERROR)
        )[: MOST + 1]
    )
    grouped: dict[Kind, Seen] = {}
    for job_class, exception, frame, completed, pk, error in rows[:MOST]:
        kind = Kind(job_class=job_class, exception=exception, frame=frame)
        before = grouped.get(kind)
        grouped[kind] = (
            Seen(
                kind=kind,
                jobs=1,
                first_seen=completed,
                last_seen=completed,
                example_id=pk,
                error=first_line(error),
            )
            if before is None
            else replace(before, jobs=before.jobs + 1, first_seen=completed)
        )
    return list(grouped.values()), len(rows) <= MOST and not is_cut


def _with_errors(sight: Sight, found: Iterable[Seen]) -> list[Seen]:
    seen = list(found)
    begins = sight.jobs.filter(pk__in=[each.example_id for each in seen]).order_by()
    errors = dict(begins.values_list("pk", Left("error", _ERROR)))
    return [replace(each, error=first_line(errors.get(each.example_id, ""))) for each in seen]


def first_line(error: str) -> str:
    """Return the first line of an error."""
    return error.partition("\n")[0]
