"""``retry()``: a finished job goes back to its queue."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from pgjobs.choices import FINISHED, JobStatus
from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop, Raising
from tests.apps.testapp.models import Site
from tests.support.job_status import status_of
from tests.support.rows import a_finished_job, a_site

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("status", FINISHED)
def test_a_finished_job_goes_back_to_its_queue(status: JobStatus) -> None:
    job = a_finished_job(status, depth=2)

    assert job.retry()
    assert (job.status, job.error, job.attempt) == ("pending", "", 0)
    assert (job.started, job.completed) == (None, None)
    job.run_here()
    assert (job.status, job.result) == ("completed", {"depth": 2})


def test_a_retried_job_stands_behind_the_waiting_jobs() -> None:
    job, waiting = a_finished_job(), Noop.enqueue()

    job.retry()

    assert job.position > waiting.position


def test_a_retried_job_has_all_its_attempts_and_keeps_its_errors() -> None:
    job = Raising.enqueue(max_attempts=2)
    job.run_here()
    job.run_here()

    job.retry()
    job.run_here()

    assert (job.status, job.attempt, len(job.errors)) == ("scheduled", 1, 3)


def test_an_older_run_of_a_retried_job_cannot_end_it() -> None:
    job = Noop.enqueue()
    job.start()
    older = Job.objects.get()
    job.terminate()

    job.retry()
    job.start()

    assert not older.terminate(JobStatus.ERRORED)
    assert job.epoch > older.epoch


@pytest.mark.parametrize("is_running", [False, True])
def test_a_live_job_cannot_be_retried(is_running: bool) -> None:
    job = Noop.enqueue()
    if is_running:
        job.start()

    assert not job.retry()
    assert Job.objects.get().status == ("running" if is_running else "pending")


def test_a_retry_is_refused_while_another_live_job_holds_its_place() -> None:
    job = Noop.enqueue_once()
    job.terminate()
    successor = Noop.enqueue_once()

    with transaction.atomic():
        assert not job.retry()
        a_site()

    assert list(Job.objects.live()) == [successor]
    assert (status_of(job), Site.objects.count()) == ("completed", 1)


def test_a_retried_job_whose_chain_goes_on_has_no_second_successor() -> None:
    job = a_finished_job(JobStatus.ERRORED, interval=60)
    successor = Job.objects.live().get()

    assert job.retry()
    job.run_here()

    assert list(Job.objects.live()) == [successor]


def test_a_retried_job_that_was_skipped_has_no_second_successor() -> None:
    job = Noop.enqueue(interval=60)
    job.cancel(keep_schedule=True)
    successor = Job.objects.live().get()

    job.retry()
    job.run_here()

    assert list(Job.objects.live()) == [successor]


def test_a_retried_job_whose_chain_was_cancelled_recurs() -> None:
    job = Noop.enqueue(interval=60)
    job.cancel()

    job.retry()
    job.run_here()

    assert Job.objects.live().get().interval == 60


def test_several_finished_jobs_are_retried_at_once() -> None:
    jobs = [a_finished_job(JobStatus.FAILED), a_finished_job(), Noop.enqueue()]

    assert Job.objects.filter(pk__in=[job.pk for job in jobs]).retry() == 2
    assert Job.objects.filter(status="pending").count() == 3


def test_many_jobs_are_retried_in_few_statements(django_assert_max_num_queries: Any) -> None:
    places = [Noop.enqueue_once(a_site()) for _ in range(20)]
    Noop.enqueue_many([{}] * 80)
    Job.objects.cancel()
    taken = Noop.enqueue_once(places[0].object)

    with django_assert_max_num_queries(10):
        assert Job.objects.filter(status="cancelled").retry() == 99

    assert status_of(places[0]) == "cancelled"
    assert status_of(taken) == "pending"


def test_of_several_jobs_of_one_place_the_newest_is_retried() -> None:
    older, newer = a_finished_job(), a_finished_job()
    Job.objects.update(once_key="place")

    assert Job.objects.retry() == 1
    assert (status_of(older), status_of(newer)) == ("completed", "pending")
