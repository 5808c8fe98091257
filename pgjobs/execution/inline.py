"""Running a job where it is enqueued, for tests: ``PGJOBS["MODE"] = "inline"``."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.functions import Now

from pgjobs.choices import WAITING, JobStatus
from pgjobs.execution.in_process import run_waiting
from pgjobs.execution.in_process_start import Jobs


def run_if_due(jobs: Jobs, job: Any) -> None:
    """Run ``job`` if it waits and is due.

    A job that is scheduled for later waits on, and so does a successor: without a worker, nothing
    looks whether they are due by now.
    """
    is_due = models.Q(status=JobStatus.PENDING) | models.Q(scheduled__lte=Now())
    if jobs.filter(is_due, pk=job.pk, status__in=WAITING).exists():
        run_waiting(jobs, job)
