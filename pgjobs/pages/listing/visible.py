"""The jobs that the list, its counts, its exports and its actions are about."""

from __future__ import annotations

from typing import Any

from pgjobs.access import visible_to
from pgjobs.models import Job
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.steering.selection import Selection


def visible_jobs(user: Any, selection: Selection) -> JobQuerySet[Job]:
    """Return the jobs of ``selection`` that ``user`` may see, each once; all for an empty one."""
    seen: Any = visible_to(user, Job.objects.all())
    if len(seen.query.alias_map) > 1 or seen.query.distinct:
        # A join of the project's function can give a job several times.
        seen = Job.objects.filter(pk__in=seen.order_by().values("pk"))
    jobs: JobQuerySet[Job] = seen if selection.is_empty else selection.jobs(seen)
    return jobs.order_by()
