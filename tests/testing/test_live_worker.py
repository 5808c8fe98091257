"""A worker beside a test whose transactions commit."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.transaction import TransactionManagementError

from pgjobs import BackgroundJob
from pgjobs.exceptions import UnknownQueue
from pgjobs.models import Job, WorkerProcess
from pgjobs.testing import live_worker, time_travel
from tests.apps.testapp.jobs import Noop, Raising
from tests.support.eventually import eventually
from tests.support.moments import MINUTE, TOMORROW

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("empty_queue")]

IN_2031 = datetime(2031, 5, 1, 12, tzinfo=UTC)
HAS_STARTED, GO_ON = threading.Event(), threading.Event()


class Holding(BackgroundJob):
    def run(self) -> None:
        HAS_STARTED.set()
        GO_ON.wait(30)


class Isolated(BackgroundJob):
    class Meta:
        isolation = "process"

    def run(self) -> str:
        return "ran"


def running_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "pgjobs live worker"]


@pytest.mark.parametrize("job_class", [Noop, Isolated])
def test_jobs_of_before_and_of_inside_the_block_run(job_class: type[BackgroundJob]) -> None:
    before = job_class.enqueue()
    with live_worker():
        assert before.wait(timeout=30).status == "completed"
        assert job_class.enqueue().wait(timeout=30).status == "completed"


def test_the_worker_has_the_mocks_of_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Noop, "run", lambda self: "mocked")
    with live_worker():
        assert Noop.enqueue().wait(timeout=30).result == "mocked"


def test_only_the_given_queues_are_served() -> None:
    other = Noop.enqueue(queue_name="low")
    with live_worker(queues=["high"]):
        Noop.enqueue(queue_name="high").wait(timeout=30)
        (worker,) = WorkerProcess.objects.filter(stopped=None)
    other.refresh_from_db()

    assert (worker.queues, worker.concurrency, other.status) == (["high"], 1, "pending")


def test_all_queues_are_served_without_a_choice() -> None:
    with live_worker(concurrency=2):
        assert Noop.enqueue(queue_name="low").wait(timeout=30).status == "completed"


def test_after_the_block_no_worker_and_no_connection_is_left() -> None:
    with live_worker():
        Noop.enqueue().wait(timeout=30)

    assert not WorkerProcess.objects.filter(stopped=None).exists()
    assert not running_threads()
    with connection.cursor() as cursor:
        sessions = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND backend_type = 'client backend'"
        )

        def left() -> int:
            cursor.execute(sessions)
            return int(cursor.fetchone()[0])

        assert eventually(lambda: left() == 0)


def test_the_exception_of_the_block_is_not_hidden_by_the_end_of_the_worker() -> None:
    with pytest.raises(LookupError), live_worker():
        raise LookupError


def test_a_job_that_does_not_end_is_named() -> None:
    HAS_STARTED.clear()
    GO_ON.clear()
    worker = live_worker(timeout=0.2)
    worker.__enter__()
    job = Holding.enqueue()
    assert HAS_STARTED.wait(30)  # a job that is claimed, and has not started, is handed back
    try:
        with pytest.raises(AssertionError, match=rf"because of job {job.pk} of .*Holding\."):
            worker.__exit__(None, None, None)
        assert not running_threads()
    finally:
        GO_ON.set()


def test_a_travelled_worker_runs_what_is_due_and_writes_its_moments() -> None:
    job = Noop.enqueue(schedule_at=TOMORROW)
    with time_travel(IN_2031), live_worker():
        job.wait(timeout=30)
        key = Raising.enqueue(max_attempts=2).pk
        row = eventually(lambda: Job.objects.filter(pk=key, status="scheduled").first())
    assert job.completed is not None
    assert row is not None
    assert row.scheduled is not None
    assert IN_2031 <= job.completed < IN_2031 + MINUTE
    assert IN_2031 <= row.scheduled < IN_2031 + 10 * MINUTE


@pytest.mark.django_db
def test_a_transaction_is_refused() -> None:
    refused = pytest.raises(TransactionManagementError, match="TransactionTestCase")
    with transaction.atomic(), refused, live_worker():
        pass


@pytest.mark.parametrize(
    ("options", "error"),
    [({"queues": ["lwo"]}, UnknownQueue), ({"concurrency": 0}, ValueError)],
    ids=str,
)
def test_wrong_options_are_refused(options: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error), live_worker(**options):
        pass
