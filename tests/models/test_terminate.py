"""``job.terminate()``: a job ends once, by the run that holds it."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from pgjobs import BackgroundJob, job_end
from pgjobs.choices import FINISHED, JobStatus
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from tests.apps.testapp.jobs import Noop
from tests.support.listening import listening
from tests.support.sql import query
from tests.support.worker_process import run_burst_here

pytestmark = pytest.mark.django_db


class EndsItself(BackgroundJob):
    """Records its own end, and goes on after it."""

    and_then: Exception | None = None

    def run(self) -> str:
        self.job.data = {"added": 3}
        self.job.terminate(JobStatus.FAILED, "no good")
        if self.and_then is not None:
            raise self.and_then
        return "ignored"


class EndsItselfInVain(BackgroundJob):
    """Records its own end in a transaction that is rolled back, or left open."""

    def run(self, leaves_open: bool) -> None:
        block = transaction.atomic()
        block.__enter__()
        self.job.terminate(JobStatus.FAILED, "no good")
        if not leaves_open:
            raise ValueError("boom")


def taken_twice() -> tuple[Job, Job]:
    """Return the same job as two runs see it: the first lost its worker, the second holds the
    row."""
    first = Noop.enqueue(interval=60)
    first.start()
    with connection.cursor() as cursor:
        record(cursor, [Outcome.interrupted(first.pk, first.epoch)])
    second = Job.objects.get(pk=first.pk)
    assert second.start()
    return first, second


def row() -> dict[str, Any]:
    (only,) = query("SELECT * FROM pgjobs_job")
    return only


@pytest.mark.usefixtures("empty_queue")
@pytest.mark.parametrize("leaves_open", [False, True])
def test_an_end_that_is_undone_with_its_transaction_is_recorded_after_it(
    leaves_open: bool,
) -> None:
    job = EndsItselfInVain.enqueue(leaves_open=leaves_open)
    run_burst_here()

    job.refresh_from_db()
    assert (job.status, job.error) == ("failed", "no good")


def test_a_job_terminated_without_a_status_is_completed() -> None:
    job = Noop.enqueue()
    job.start()

    assert job.terminate()
    assert (job.status, Job.objects.get().status) == ("completed", "completed")


@pytest.mark.parametrize("status", FINISHED)
def test_a_job_may_end_in_any_finished_status(status: JobStatus) -> None:
    job = Noop.enqueue()
    job.start()

    job.terminate(status, "because")

    assert (job.status, job.error) == (status, "because")
    assert job.completed is not None


@pytest.mark.parametrize("status", ["pending", "scheduled", "running", "stopped", ""])
def test_a_status_that_is_not_a_finished_one_is_refused(status: str) -> None:
    job = Noop.enqueue()
    job.start()

    with pytest.raises(ValueError, match=f"status must be .*, not '{status}'"):
        job.terminate(status)

    assert Job.objects.get().status == "running"


def test_a_waiting_job_can_be_terminated() -> None:
    job = Noop.enqueue()

    assert job.terminate(JobStatus.FAILED)
    assert Job.objects.get().status == "failed"


def test_a_job_that_is_terminated_again_does_not_change() -> None:
    job = Noop.enqueue(interval=60)
    job.start()
    job.terminate()
    ended = query("SELECT * FROM pgjobs_job ORDER BY id")

    assert not job.terminate(JobStatus.ERRORED, "late")
    assert query("SELECT * FROM pgjobs_job ORDER BY id") == ended


def test_a_job_that_is_terminated_twice_sends_job_end_once(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with listening(job_end) as received, django_capture_on_commit_callbacks(execute=True):
        job = Noop.enqueue()
        job.terminate()
        job.terminate()

    assert [told["job"] for told in received] == [job]


def test_a_run_that_lost_its_row_cannot_end_the_job() -> None:
    first, second = taken_twice()
    before = row()

    assert not first.terminate(JobStatus.ERRORED, "stale")
    assert row() == before
    assert second.terminate()


def test_a_run_that_lost_its_row_cannot_change_the_end() -> None:
    first, second = taken_twice()
    second.terminate()

    assert not first.terminate(JobStatus.ERRORED, "stale")
    assert Job.objects.finished().get().status == "completed"
    assert Job.objects.live().count() == 1


def test_a_run_that_lost_its_row_cannot_release_the_job() -> None:
    first, _second = taken_twice()

    with connection.cursor() as cursor:
        refused = record(cursor, [Outcome.released(first.pk, first.epoch)])

    assert refused == {}
    assert row()["status"] == "running"


def test_a_stale_instance_of_a_waiting_job_cannot_end_a_running_one() -> None:
    waiting = Noop.enqueue()
    Job.objects.get(pk=waiting.pk).start()

    assert not waiting.terminate()
    assert row()["status"] == "running"


def test_a_job_that_starts_again_has_a_higher_epoch() -> None:
    _first, second = taken_twice()

    assert (second.epoch, second.attempt, second.interruptions) == (2, 1, 1)


def test_a_job_can_be_started_once() -> None:
    job = Noop.enqueue()

    taken = [Job.objects.get(pk=job.pk).start() for _ in range(2)]

    assert taken == [True, False]


@pytest.mark.parametrize("status", FINISHED)
def test_a_finished_job_cannot_be_started(status: JobStatus) -> None:
    job = Noop.enqueue()
    job.terminate(status)

    assert not job.start()


@pytest.mark.parametrize("and_then", [None, ValueError("boom")])
def test_a_job_that_records_its_own_end_keeps_it(
    and_then: Exception | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EndsItself, "and_then", and_then)

    EndsItself.handle(EndsItself.enqueue())

    job = Job.objects.get()
    assert (job.status, job.error, job.result) == ("failed", "no good", None)


def test_a_job_that_records_its_own_end_keeps_its_data() -> None:
    EndsItself.handle(EndsItself.enqueue())

    assert Job.objects.get().data == {"added": 3}


@pytest.mark.parametrize("error", ["a\x00b", "caf\udce9"])
def test_an_error_that_postgresql_cannot_store_is_escaped(error: str) -> None:
    job = Noop.enqueue()

    job.terminate(JobStatus.ERRORED, error)

    assert job.error == error.replace("\x00", r"\x00").replace("\udce9", r"\udce9")


def test_a_waiting_job_whose_data_can_not_be_stored_still_waits_after_a_refused_terminate() -> None:
    job = Noop.enqueue()
    job.data = object()
    with pytest.raises(TypeError):
        job.terminate()
    assert Job.objects.get().status == "pending"
