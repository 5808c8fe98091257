"""Rows as workers would leave them, without a worker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import connection, models

from pgjobs.choices import FINISHED, JobStatus
from pgjobs.models import Job, RegistryEntry, WorkerProcess
from pgjobs.registry.entries import entries
from tests.apps.testapp.jobs import Noop
from tests.apps.testapp.models import Site
from tests.support.moments import ago


def a_job(status: str = "pending", **columns: Any) -> Job:
    """Insert a job of this status, with moments that fit it."""
    moments: dict[str, datetime] = {}
    if status == "scheduled":
        moments["scheduled"] = ago(hours=-1)
    if status == "running" or status in FINISHED:
        moments["started"] = ago(minutes=2)
    if status in FINISHED:
        moments["completed"] = ago(minutes=1)
    row = {"name": "Noop", "job_class": Noop.path, "queue_name": "default", **moments, **columns}
    return Job.objects.create(status=status, **row)


def a_finished_job(
    status: JobStatus = JobStatus.COMPLETED, about: models.Model | None = None, **options: Any
) -> Job:
    """Enqueue a job and end it."""
    job = Noop.enqueue(about, **options)
    assert job.terminate(status)
    return job


def undo_claim(job: Job) -> None:
    """Give the row the values that a crashed server remembers; no trigger sees this."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SET session_replication_role = replica; "
            "UPDATE pgjobs_job SET status = 'pending', started = NULL, worker_id = NULL, "
            f"epoch = 0, attempt = 0 WHERE id = {job.pk}; "
            "RESET session_replication_role"
        )


def a_site(name: str = "Lund") -> Site:
    return Site.objects.create(name=name)


def a_worker(**columns: Any) -> WorkerProcess:
    """Insert the row of a worker without a process."""
    row = {
        "name": "worker-1",
        "hostname": "host-1",
        "pid": 4711,
        "queues": ["high", "default", "low"],
        "concurrency": 4,
        **columns,
    }
    return WorkerProcess.objects.create(**row)


def a_failure(**parts: Any) -> dict[str, Any]:
    """Return one entry of ``job.errors``."""
    return {
        "attempt": 1,
        "worker": 1,
        "exception": "builtins.ValueError",
        "message": "boom",
        "traceback": "Traceback (most recent call last):\n  …\nValueError: boom\n",
        "started": "2026-01-31T12:00:00+00:00",
        "ended": "2026-01-31T12:00:01+00:00",
        **parts,
    }


def tell_sql() -> None:
    """Let SQL know the names that a worker would write, in the transaction of the test."""
    RegistryEntry.objects.all().delete()
    RegistryEntry.objects.bulk_create(
        RegistryEntry(kind=kind, name=name, options=options) for kind, name, options in entries()
    )
