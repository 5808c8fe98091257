"""The end of a live worker after a test that failed, was interrupted, or has left its block."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from pgjobs import BackgroundJob
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.testing import live_worker, run_jobs
from tests.apps.testapp.jobs import Noop
from tests.support.eventually import eventually
from tests.support.sql import query

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]

HAS_STARTED, GO_ON = threading.Event(), threading.Event()


class Held(BackgroundJob):
    def run(self) -> None:
        HAS_STARTED.set()
        GO_ON.wait(60)


@pytest.fixture
def held() -> Iterator[None]:
    """Let jobs of `Held` run until the end of the test, and wait for the end of their sessions."""
    HAS_STARTED.clear()
    GO_ON.clear()
    yield
    GO_ON.set()
    others = (
        "SELECT 1 FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    assert eventually(lambda: not query(others))


def workers() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "pgjobs live worker"]


def fail_beside_a_running_job(error: type[BaseException], timeout: float) -> None:
    with live_worker(timeout=timeout):
        Held.enqueue()
        assert HAS_STARTED.wait(60)
        raise error


@pytest.mark.usefixtures("held")
def test_the_error_of_the_test_is_raised_although_a_job_runs_on() -> None:
    with pytest.raises(LookupError) as caught:
        fail_beside_a_running_job(LookupError, timeout=0.2)

    (note,) = caught.value.__notes__
    assert note.startswith("AssertionError of the live worker: The live worker did not end within")
    assert Held.path in note
    assert not workers()


@pytest.mark.usefixtures("held")
def test_ctrl_c_reaches_the_runner_and_waits_for_no_job() -> None:
    with pytest.raises(KeyboardInterrupt):
        fail_beside_a_running_job(KeyboardInterrupt, timeout=3600)

    assert not workers()
    assert not Job.objects.filter(status="completed").exists()


def test_a_worker_that_has_started_lasts_until_the_first_end() -> None:
    worker = live_worker()
    worker.start()
    with worker:
        assert Noop.enqueue().wait(timeout=60).status == "completed"
    assert not workers()
    worker.stop()


@pytest.mark.django_db
def test_a_transaction_refuses_a_worker_at_its_start() -> None:
    worker = live_worker()
    with transaction.atomic(), pytest.raises(TransactionManagementError):
        worker.start()
    worker.stop()


def test_a_text_is_no_list_of_queues() -> None:
    for refused in (live_worker, run_jobs):
        with pytest.raises(InvalidArgument, match=r"not 'high': \['high'\]"):
            refused(queues="high")
