"""Jobs that a process starts by ``start()``, works on, and ends by ``terminate()``."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop
from tests.support.elsewhere import elsewhere
from tests.support.job_status import until_status
from tests.support.moments import TOMORROW, ago
from tests.support.worker_process import run_burst_here

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("empty_queue"),
]

DEAD = "The process that ran this job immediately has died."


def started_long_ago() -> Job:
    job = Noop.enqueue(schedule_at=TOMORROW)
    assert job.start()
    Job.objects.update(started=ago(minutes=1))
    return job


def look_for_orphans() -> None:
    elsewhere(run_burst_here).result(60)


def test_a_job_that_this_process_has_started_is_not_taken_for_an_orphan() -> None:
    job = started_long_ago()
    look_for_orphans()
    assert job.terminate()
    until_status(job, "completed")


def test_it_counts_as_living_although_its_connection_was_closed() -> None:
    job = started_long_ago()
    connection.close()
    assert Job.objects.filter(status="running").exists()  # on a new connection
    look_for_orphans()
    assert job.terminate()


def test_it_counts_as_living_if_it_was_started_in_a_transaction() -> None:
    with transaction.atomic():
        job = started_long_ago()
    look_for_orphans()
    assert job.terminate()


def test_it_is_given_up_when_the_session_of_its_process_has_ended() -> None:
    job = elsewhere(started_long_ago).result(20)  # which closes its connection
    look_for_orphans()
    job.refresh_from_db()
    assert (job.status, job.error) == ("errored", DEAD)


def test_a_job_that_was_terminated_can_be_run_by_another_process() -> None:
    """The lock is given up."""
    job = started_long_ago()
    assert job.terminate()
    assert job.retry()
    elsewhere(lambda: Noop.handle(Job.objects.get())).result(20)
    until_status(job, "completed")


def test_an_end_that_is_rolled_back_leaves_the_job_to_this_process() -> None:
    job = started_long_ago()
    with transaction.atomic():
        assert job.terminate()
        transaction.set_rollback(True)
    look_for_orphans()
    job.refresh_from_db()
    assert job.status == "running"
    assert job.terminate("failed")
