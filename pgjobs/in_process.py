"""Running a job in the caller's own process, without a worker."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from django.db import connections
from django.db.models.functions import Now
from psycopg.pq import TransactionStatus

from pgjobs.choices import JobStatus
from pgjobs.execution import execute
from pgjobs.notes import Note
from pgjobs.presence import held_here

if TYPE_CHECKING:
    from pgjobs.models import Job
    from pgjobs.outcomes import Outcome
    from pgjobs.querysets import JobQuerySet


def run_immediately(jobs: JobQuerySet, job: Job) -> Job:
    """Insert the new ``job`` and run it before returning."""
    # Inserted as running: were it pending, a worker could take it outside a transaction.
    job.status, job.epoch, job.attempt = JobStatus.RUNNING, 1, 1
    job.started = Now()
    job.save(force_insert=True, using=jobs.database)
    job.refresh_from_db(fields=["started"])
    with held_here(connections[jobs.database], job.pk):
        _run_started(jobs, job)
    return job


def run_waiting(jobs: JobQuerySet, job: Job) -> None:
    """Take the waiting ``job`` and run it; do nothing if somebody else has it."""
    with held_here(connections[jobs.database], job.pk):
        if jobs.start(job):
            _run_started(jobs, job)


def _run_started(jobs: JobQuerySet, job: Job) -> None:
    notes: list[Note] = []
    exits: list[BaseException] = []
    job._sink = notes.append
    try:
        with _usable_afterwards(connections[jobs.database]):
            outcome = execute(job, exits=exits.append)
    finally:
        job._sink = None
        jobs.write_notes(notes)
    if outcome is not None:
        _keep(jobs, job, outcome)
    if exits:  # Ctrl-C and sys.exit() are meant for this process; the row has ended first
        raise exits[0]


def _keep(jobs: JobQuerySet, job: Job, outcome: Outcome) -> None:
    if outcome.is_recorded:
        jobs.announce_once_committed(job)
    else:
        jobs.record_one(job, outcome)


@contextmanager
def _usable_afterwards(connection: Any) -> Iterator[None]:
    """Keep the caller's transaction usable when the job breaks it, or else the connection."""
    if (savepoint := connection.savepoint()) is None:  # there is no transaction
        try:
            yield
        finally:
            _drop_unusable(connection)
        return
    try:
        yield
    finally:
        status = connection.connection.info.transaction_status
        if connection.needs_rollback or status == TransactionStatus.INERROR:
            connection.needs_rollback = False  # first, or the rollback itself is refused
            connection.savepoint_rollback(savepoint)
        else:
            connection.savepoint_commit(savepoint)


def _drop_unusable(connection: Any) -> None:
    """Without a sound one the outcome could not be written: the job would run again elsewhere."""
    raw = connection.connection
    unusable = (TransactionStatus.ACTIVE, TransactionStatus.UNKNOWN)  # cut short by Ctrl-C, or lost
    if raw is not None and raw.info.transaction_status in unusable:
        connection.close()
