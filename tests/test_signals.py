"""Signals inform after the fact; a receiver that raises changes nothing."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.db import transaction
from django.dispatch import Signal

from pgjobs import BackgroundJob, job_end, job_enqueued, job_start
from pgjobs.choices import FINISHED, JobStatus
from pgjobs.models import Job
from tests.apps.testapp.jobs import Failing, Noop, Raising
from tests.support.listening import listening

pytestmark = pytest.mark.django_db(transaction=True)


class Witness(BackgroundJob):
    """Returns the number of signals that it has received."""

    heard: list[Any]

    def run(self) -> int:
        return len(self.heard)


def test_job_enqueued_is_sent_for_each_job() -> None:
    with listening(job_enqueued) as received:
        jobs = [Noop.enqueue(), Noop.enqueue_once()]

    assert [told["job"] for told in received] == jobs


def test_job_enqueued_is_sent_once_the_transaction_has_committed() -> None:
    with listening(job_enqueued) as received:
        with transaction.atomic():
            Noop.enqueue()
            before = len(received)
        after = len(received)

    assert (before, after) == (0, 1)


def test_job_enqueued_is_not_sent_for_a_job_that_was_rolled_back() -> None:
    with listening(job_enqueued) as received, transaction.atomic():
        Noop.enqueue()
        transaction.set_rollback(True)

    assert received == []


def test_job_enqueued_is_not_sent_for_a_job_that_exists_already() -> None:
    Noop.enqueue_once()

    with listening(job_enqueued) as received:
        Noop.enqueue_once()

    assert received == []


def test_job_enqueued_is_not_sent_by_enqueue_many() -> None:
    with listening(job_enqueued) as received:
        Noop.enqueue_many([{}] * 3)

    assert received == []


def test_job_start_is_sent_before_run_in_the_same_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []
    job_start.connect(receiver := lambda **_: threads.append(threading.get_ident()))
    monkeypatch.setattr(Witness, "heard", threads, raising=False)
    try:
        job = Witness.enqueue(immediate=True)
    finally:
        job_start.disconnect(receiver)

    assert (job.result, threads) == (1, [threading.get_ident()])


def test_job_start_finds_the_job_running() -> None:
    with listening(job_start) as received:
        Noop.handle(Noop.enqueue())

    assert [told["status"] for told in received] == ["running"]


@pytest.mark.parametrize(
    ("job_class", "status"), [(Noop, "completed"), (Failing, "failed"), (Raising, "errored")]
)
def test_job_end_is_sent_with_the_status_of_the_end(
    job_class: type[BackgroundJob], status: str
) -> None:
    with listening(job_end) as received:
        job_class.handle(job_class.enqueue())

    assert [told["status"] for told in received] == [status]


@pytest.mark.parametrize("status", FINISHED)
def test_job_end_is_sent_by_terminate(status: JobStatus) -> None:
    with listening(job_end) as received:
        Noop.enqueue().terminate(status)

    assert [told["status"] for told in received] == [status]


def test_job_end_is_sent_once_the_outcome_has_committed() -> None:
    with listening(job_end) as received:
        with transaction.atomic():
            Noop.enqueue(immediate=True)
            before = len(received)
        after = len(received)

    assert (before, after) == (0, 1)


def test_job_end_is_sent_after_the_last_attempt() -> None:
    with listening(job_end) as received:
        job = Raising.enqueue(max_attempts=2)
        job.run_here()
        before = len(received)
        job.run_here()

    assert (before, len(received)) == (0, 1)


@pytest.mark.parametrize("signal", [job_enqueued, job_start, job_end])
def test_the_sender_of_a_signal_is_the_job_as_in_netbox(signal: Signal) -> None:
    with listening(signal) as received:
        job = Noop.enqueue()
        job.run_here()

    (told,) = received
    assert (told["sender"], told["job"]) == (job, job)


@pytest.mark.parametrize("signal", [job_enqueued, job_start, job_end])
def test_a_receiver_that_raises_is_logged_and_leaves_the_job_completed(
    signal: Signal, caplog: pytest.LogCaptureFixture
) -> None:
    with listening(signal, error=ValueError("boom")) as received:
        job = Noop.enqueue()
        job.run_here()

    assert len(received) == 1
    assert Job.objects.get().status == "completed"
    (record,) = [record for record in caplog.records if record.name == "pgjobs.signals"]
    assert record.exc_info is not None


def test_a_receiver_that_raises_does_not_silence_the_others() -> None:
    with listening(job_end, error=ValueError("boom")), listening(job_end) as received:
        Noop.enqueue(immediate=True)

    assert len(received) == 1
