"""The jobs that the list, its counts, its exports and its actions are about."""

from __future__ import annotations

from typing import Any, cast

from pgjobs.access import visible_to
from pgjobs.models import Job
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.pages.sight import each_once
from pgjobs.steering.selection import Selection, all_jobs


def visible_jobs(user: Any, selection: Selection) -> JobQuerySet[Job]:
    """Return the jobs of ``selection`` that ``user`` may see, each once; all for an empty one."""
    seen = each_once(cast("JobQuerySet[Job]", visible_to(user, all_jobs())))
    jobs: JobQuerySet[Job] = seen if selection.is_empty else selection.jobs(seen)
    return jobs.order_by()
