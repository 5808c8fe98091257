"""``prune()``: finished jobs are deleted once they are past their retention."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from pgjobs.choices import FINISHED, JobStatus
from pgjobs.models import Job, JobLogEntry
from tests.apps.testapp.jobs import Logging, Noop
from tests.support.rows import a_finished_job

pytestmark = pytest.mark.django_db


def finished(*, days_ago: int, status: JobStatus = JobStatus.COMPLETED) -> Job:
    job = a_finished_job(status)
    Job.objects.filter(pk=job.pk).update(completed=timezone.now() - timedelta(days=days_ago))
    return job


@pytest.mark.parametrize("status", FINISHED)
def test_a_job_that_finished_before_the_retention_is_deleted(status: JobStatus) -> None:
    finished(days_ago=91, status=status)
    kept = finished(days_ago=89, status=status)

    assert Job.objects.prune(days=90) == 1
    assert list(Job.objects.all()) == [kept]


def test_a_live_job_stays_however_old_it_is() -> None:
    jobs = [Noop.enqueue(), Noop.enqueue(schedule_at=timezone.now()), Noop.enqueue()]
    jobs[2].start()
    Job.objects.update(created=timezone.now() - timedelta(days=1000))

    assert Job.objects.prune(days=90) == 0
    assert Job.objects.live().count() == 3


def test_the_log_of_a_pruned_job_is_deleted() -> None:
    for _ in range(2):
        Logging.enqueue().run_here()
    old, kept = Job.objects.order_by("pk")
    Job.objects.filter(pk=old.pk).update(completed=timezone.now() - timedelta(days=91))

    Job.objects.prune(days=90)

    assert {entry.job_id for entry in JobLogEntry.objects.all()} == {kept.pk}


def test_more_jobs_than_one_batch_are_deleted() -> None:
    Noop.enqueue_many([{}] * 2500)
    Job.objects.cancel()
    Job.objects.update(completed=timezone.now() - timedelta(days=91))

    assert Job.objects.prune(days=90) == 2500
    assert not Job.objects.exists()
