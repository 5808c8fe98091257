"""Jobs that run in the thread of a test."""

from __future__ import annotations

from typing import Any

from pgjobs import BackgroundJob
from pgjobs.models import Job


def ran(job_class: type[BackgroundJob], *args: Any, **kwargs: Any) -> Job:
    """Enqueue a job, run it in this thread as a worker would, and return its row."""
    job = job_class.enqueue(*args, **kwargs)
    job_class.handle(job)
    return Job.objects.get(pk=job.pk)
