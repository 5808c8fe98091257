"""Claims are not durable: a server crash can undo a claim."""

from __future__ import annotations

import pytest
from django.db import connection

from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from tests.apps.testapp.jobs import Noop
from tests.support.rows import a_worker, undo_claim

pytestmark = pytest.mark.django_db


def claimed(job: Job, by: int) -> Job:
    """Return the job as a claim leaves it."""
    job.start()
    Job.objects.filter(pk=job.pk).update(worker=by)
    return Job.objects.get(pk=job.pk)


def completion(job: Job) -> Outcome:
    return Outcome(
        job_id=job.pk, epoch=job.epoch, worker_id=job.worker_id, status=JobStatus.COMPLETED
    )


def accepted(outcome: Outcome) -> bool:
    with connection.cursor() as cursor:
        return outcome.job_id in record(cursor, [outcome])


def test_a_run_whose_claim_was_undone_cannot_finish_another_workers_claim_of_the_same_epoch() -> (
    None
):
    job = Noop.enqueue()
    first = claimed(job, a_worker().pk)
    undo_claim(job)
    second = claimed(Job.objects.get(pk=job.pk), a_worker().pk)
    assert first.epoch == second.epoch

    assert not accepted(completion(first))
    assert accepted(completion(second))


def test_a_run_whose_claim_was_undone_cannot_finish_the_waiting_job() -> None:
    job = Noop.enqueue()
    first = claimed(job, a_worker().pk)
    undo_claim(job)

    assert not accepted(completion(first))
