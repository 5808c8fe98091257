"""Functions that tests name in PGJOBS["VISIBLE_JOBS"]."""

from __future__ import annotations

from typing import Any


def joins(user: Any, jobs: Any) -> Any:
    """Return the jobs whose worker has any job: the join gives each job several times."""
    return jobs.filter(worker__jobs__isnull=False)
