"""Claims are not durable: what follows when a server crash undoes one."""

from __future__ import annotations

import pytest
from django.db import connection

from pgjobs.choices import JobStatus
from pgjobs.models import Job, WorkerProcess
from pgjobs.outcomes import Outcome
from pgjobs.transitions import record
from tests.apps.testapp.jobs import Noop

pytestmark = pytest.mark.django_db


def worker() -> int:
    return WorkerProcess.objects.create(
        name="w", hostname="h", pid=1, queues=["default"], concurrency=1
    ).pk


def claimed(job: Job, by: int) -> Job:
    """The row as a claim leaves it."""
    job.start()
    Job.objects.filter(pk=job.pk).update(worker=by)
    return Job.objects.get(pk=job.pk)


def undo_claim(job: Job) -> None:
    """The row as the crashed server remembers it: pending, at the epoch before."""
    Job.objects.filter(pk=job.pk).update(
        status=JobStatus.PENDING, started=None, worker=None, epoch=0, attempt=0
    )


def completion(job: Job) -> Outcome:
    return Outcome(
        job_id=job.pk, epoch=job.epoch, worker_id=job.worker_id, status=JobStatus.COMPLETED
    )


def accepted(outcome: Outcome) -> bool:
    with connection.cursor() as cursor:
        return outcome.job_id in record(cursor, [outcome])


def test_the_first_run_can_not_finish_what_another_worker_claimed_at_the_same_epoch() -> None:
    job = Noop.enqueue()
    first = claimed(job, worker())
    undo_claim(job)
    second = claimed(Job.objects.get(pk=job.pk), worker())
    assert first.epoch == second.epoch

    assert not accepted(completion(first))
    assert accepted(completion(second))


def test_the_first_run_can_not_finish_what_waits_again() -> None:
    job = Noop.enqueue()
    first = claimed(job, worker())
    undo_claim(job)

    assert not accepted(completion(first))
