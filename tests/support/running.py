"""Jobs that run in the thread of a test."""

from __future__ import annotations

from typing import Any

from pgjobs import BackgroundJob
from pgjobs.models import Job
from pgjobs.testing import run_job


def ran(job_class: type[BackgroundJob], *args: Any, **kwargs: Any) -> Job:
    """Run a job in this thread as a worker would, and return its row; see ``enqueue()``."""
    run = run_job(job_class, *args, raising=False, **kwargs)
    return Job.objects.get(pk=run.job.pk)
