"""The jobs that are due, in the order in which a worker would start them."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from datetime import timedelta
from typing import Any, Final

from django.db import connections, models
from django.db.models.functions import Now

from pgjobs.choices import JobStatus
from pgjobs.limits import END_OF_TIME
from pgjobs.models import Job, Pause
from pgjobs.models.job_database import job_database
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.testing.travelling import time_travel
from pgjobs.worker.claiming.promoter import PROMOTE

_AT_ONCE: Final = 1000


def all_jobs() -> JobQuerySet[Job]:
    """Return the query set of all jobs, in the database that jobs are written to."""
    return Job.objects.using(job_database())


def due_within(ahead: timedelta, served: tuple[str, ...]) -> Generator[Job]:
    """Yield the job that a worker would start next, until none is due within ``ahead``.

    Time travels on from one due moment to the next. A closed generator ends its travel.
    """
    yield from _due(served)
    if ahead <= timedelta(0):
        return
    with time_travel(timedelta(0)) as travel:
        now = travel.now()
        end = now + min(ahead, END_OF_TIME - now)
        while (moment := _next_due(served)) is not None and moment <= end:
            travel.move(moment)
            yield from _due(served)


def _due(served: tuple[str, ...]) -> Iterator[Job]:
    """Yield the job that a worker would start next, until none is due."""
    while True:
        with connections[job_database()].cursor() as cursor:
            cursor.execute(PROMOTE, {"limit": _AT_ONCE, "set_aside": []})
        pending = _in_lanes(served).filter(status=JobStatus.PENDING)
        job = pending.order_by(_rank(served), "-priority", "position").first()
        if job is None:
            return
        yield job


def _next_due(served: tuple[str, ...]) -> Any:
    scheduled = _in_lanes(served).filter(status=JobStatus.SCHEDULED, scheduled__gt=Now())
    return scheduled.aggregate(soonest=models.Min("scheduled"))["soonest"]


def _in_lanes(served: tuple[str, ...]) -> JobQuerySet[Job]:
    paused = Pause.objects.using(job_database())
    return (
        all_jobs()
        .filter(queue_name__in=served)
        .exclude(queue_name__in=paused.filter(kind=Pause.Kind.QUEUE).values("name"))
        .exclude(job_class__in=paused.filter(kind=Pause.Kind.JOB_CLASS).values("name"))
    )


def _rank(served: tuple[str, ...]) -> models.Case:
    return models.Case(
        *(models.When(queue_name=name, then=rank) for rank, name in enumerate(served)),
        default=len(served),
    )
