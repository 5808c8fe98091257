"""The status of a job's row, asked for and waited for."""

from __future__ import annotations

from pgjobs.models import Job
from tests.support.eventually import eventually


def status_of(job: Job) -> str:
    return Job.objects.get(pk=job.pk).status


def has_status(job: Job, status: str) -> bool:
    return Job.objects.filter(pk=job.pk, status=status).exists()


def until_status(job: Job, status: str, *, timeout: float = 30) -> None:
    """Wait until the row of ``job`` has this status."""
    eventually(lambda: has_status(job, status), timeout=timeout)
