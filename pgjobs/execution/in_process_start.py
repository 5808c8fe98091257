"""The start of a job in the caller's own process: its row becomes running.

The parameter ``jobs`` is the query set of all jobs in the database that is written to.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import DatabaseError, connections, models
from django.db.models import F
from django.db.models.functions import Now

from pgjobs.choices import WAITING, JobStatus
from pgjobs.execution.process_lock import hold
from pgjobs.rows import statements
from pgjobs.rows.commit import on_commit
from pgjobs.rows.rivalry import alone, reread
from pgjobs.rows.user import key_of_existing_user

Jobs = models.QuerySet[Any]


def insert_as_running(jobs: Jobs, job: Any) -> Any:
    """Insert the new ``job`` with the status ``running``, and return it."""
    # Outside a transaction, a worker could claim a pending job before this process runs it.
    job.status, job.epoch, job.attempt = JobStatus.RUNNING, 1, 1
    job.started = Now()
    with connections[jobs.db].cursor() as cursor:
        job.user_id = key_of_existing_user(cursor, job.user_id)
    try:
        job.save(force_insert=True, using=jobs.db)
    except TypeError:  # before version 6.0, Django reads values of a row that was not inserted
        if job.pk is not None:
            raise
    if job.pk is None:
        raise DatabaseError(statements.NOT_INSERTED)
    reread(job, jobs.db, fields=["started"])
    return job


def start_until_terminated(jobs: Jobs, job: Any) -> bool:
    """Do the same as ``start()``, for a caller that works on the job and then terminates it.

    Until then the process holds the lock of the job, or a janitor would take the process for dead.
    """
    is_started = start(jobs, job)
    if is_started:
        on_commit(jobs.db, partial(hold, connections[jobs.db], job.pk))
    return is_started


def start(jobs: Jobs, job: Any) -> bool:
    """Make the waiting ``job`` run in this process; return False if it does not wait any more.

    If a trigger of the project returns OLD, the job keeps waiting, but the UPDATE counts its row.
    So the row is read again.
    """
    waiting = jobs.filter(pk=job.pk, status__in=WAITING).order_by()
    started = {
        "status": JobStatus.RUNNING,
        "started": Now(),
        "epoch": F("epoch") + 1,
        "attempt": F("attempt") + 1,
        "worker": None,
    }
    won = alone(jobs.db, lambda: waiting.update(**started))
    if not won or not reread(job, jobs.db, ["status", "started", "epoch", "attempt", "worker"]):
        return False
    if job.status != JobStatus.RUNNING:
        return False
    job._is_terminated, job.unsure_end = False, None
    return True
