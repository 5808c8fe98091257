"""The jobs before and after a job: of the same class and object, and by running it again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db import models
from django.http import HttpRequest

from pgjobs.choices import FINISHED
from pgjobs.models import Job, JournalEntry
from pgjobs.models.job_database import job_database
from pgjobs.pages.job.comparison import ran
from pgjobs.pages.job.finding import visible_jobs
from pgjobs.rows.columns import WIDE

BEFORE: Final = 5
AFTER: Final = 3
REACH: Final = 100_000
"""Jobs without an object have no index by class: so many ids before and after a job are read."""
NEAR: Final = 2000
"""Jobs of an object before and after a job, among which those of its class are looked for."""
NEWEST_ACTIONS: Final = 5000
"""The actions of the journal in which those on a job are looked for: no index has the ids."""


@dataclass(frozen=True, slots=True)
class Chain:
    """The jobs of one class and object around a job, in their order."""

    before: list[Job]
    after: list[Job]
    has_earlier: bool

    @property
    def is_alone(self) -> bool:
        return not (self.before or self.after)

    @property
    def previous_run(self) -> Job | None:
        """The nearest earlier job that has run to its end."""
        runs = (job for job in reversed(self.before) if job.status in FINISHED and job.started)
        return next(runs, None)


def chain_of(request: HttpRequest, job: Any) -> Chain:
    """Return the neighbours that the user may see."""
    about = visible_jobs(request).filter(object_type=job.object_type_id, object_id=job.object_id)
    before = about.filter(pk__lt=job.pk).order_by("-pk")
    after = about.filter(pk__gt=job.pk).order_by("pk")
    if job.object_id is None:
        before = before.filter(pk__gte=job.pk - REACH)
        after = after.filter(pk__lte=job.pk + REACH)
    else:
        before = before.filter(pk__in=before.values("pk")[:NEAR])
        after = after.filter(pk__in=after.values("pk")[:NEAR])
    earlier: list[Any] = list(_alike(before, job)[: BEFORE + 1])
    later: list[Any] = list(_alike(after, job)[:AFTER])
    for each in (*earlier, *later):
        each.took = None if each.completed is None else ran(each)
    return Chain(earlier[:BEFORE][::-1], later, len(earlier) > BEFORE)


def _alike(jobs: models.QuerySet[Job], job: Any) -> models.QuerySet[Job]:
    return jobs.filter(job_class=job.job_class).defer(*WIDE)


def actions_on(job: Any) -> list[JournalEntry]:
    """Return the newest actions on this job, and those that made it or ran it again."""
    entries = JournalEntry.objects.using(job_database())
    newest = entries.order_by("-pk").values("pk")[:NEWEST_ACTIONS]
    about = models.Q(what__contains={"ids": [job.pk]}) | models.Q(
        verb="rerun", options__contains={"of": job.pk}
    )
    return list(entries.filter(about, pk__in=newest).order_by("-pk")[:10])
