"""What the user of a request may see: the jobs, and whether these are all jobs.

Statistics count all jobs. So a user from whom the project hides jobs gets counts of the visible
ones, which are bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

from django.db.models import Max

from pgjobs.access import Verb, is_whole, may, visible_to
from pgjobs.models import Job
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.steering.selection import all_jobs

WINDOW: Final = 20_000
"""The newest rows of the table among which a page looks for jobs that no index finds."""
LONGEST: Final = 2000
"""Milliseconds that a statement of a page may take."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The jobs that a user may see."""

    jobs: JobQuerySet[Job]
    is_whole: bool
    """Whether these are all jobs, so that numbers over all jobs may be shown."""

    @property
    def using(self) -> str:
        """The alias of the database of the jobs."""
        return self.jobs.db

    def recent(self) -> JobQuerySet[Job]:
        """Return the visible jobs among the `WINDOW` newest ones."""
        newest = all_jobs().aggregate(id=Max("pk"))["id"] or 0
        return self.jobs.filter(pk__gt=newest - WINDOW)


def sight_of(user: Any) -> Sight:
    """Return the jobs that ``user`` may see: none without the permission.

    Raises as ``visible_to()``.
    """
    if not may(user, Verb.VIEW):
        return Sight(all_jobs().none(), is_whole=False)
    seen = cast("JobQuerySet[Job]", visible_to(user, all_jobs()))
    return Sight(each_once(seen), is_whole(seen))


def each_once(jobs: JobQuerySet[Job]) -> JobQuerySet[Job]:
    """Return each job once: a join of the project's function can give a job several times."""
    if len(jobs.query.alias_map) > 1 or jobs.query.distinct:
        return all_jobs().filter(pk__in=jobs.order_by().values("pk"))
    return jobs
