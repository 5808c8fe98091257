"""Exceptions of the engine that ``run()`` raises without a stop request."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest

from pgjobs import BackgroundJob, job_start
from pgjobs.exceptions import JobCancelled, StaleJob, WorkerLost
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from tests.support.engine import a_pool
from tests.support.eventually import eventually
from tests.support.worker_process import run_burst_here

pytestmark = pytest.mark.usefixtures("empty_queue", "no_system_jobs")


class Raises(BackgroundJob):
    def run(self, which: str) -> None:
        raise {"StaleJob": StaleJob, "WorkerLost": WorkerLost}[which]("as it likes")


class RaisesAtomically(Raises):
    class Meta:
        atomic = True


class Notes(BackgroundJob):
    def run(self) -> str:
        return "has run"


@pytest.mark.parametrize("job_class", [Raises, RaisesAtomically])
@pytest.mark.parametrize("which", ["StaleJob", "WorkerLost"])
def test_a_job_that_raises_an_exception_of_the_engine_is_errored(
    job_class: type[BackgroundJob], which: str
) -> None:
    job = job_class.enqueue(which=which)
    run_burst_here("-c", "1", "--max-jobs", "3")
    job.refresh_from_db()
    assert (job.status, job.epoch) == ("errored", 1)
    assert which in job.error


@pytest.fixture
def outcomes() -> Iterator[list[Outcome | None]]:
    """The outcomes of a job if a receiver of ``job_start`` catches its stop request."""
    outcomes: list[Outcome | None] = []
    pool = a_pool(outcomes)

    def linger(job: Job, **_: Any) -> None:
        pool.request_stop(job, JobCancelled("told while a receiver works"))
        while True:
            time.sleep(0.01)

    job_start.connect(linger)
    try:
        pool.submit([Job.objects.get(pk=Notes.enqueue().pk)])
        pool.start()
        eventually(lambda: pool.in_hand == 0)
        yield outcomes
    finally:
        job_start.disconnect(linger)
        pool.stop(10)


def test_a_stop_request_that_a_receiver_of_job_start_catches_reaches_the_job(
    outcomes: list[Outcome | None],
) -> None:
    (outcome,) = outcomes
    assert outcome is not None
    assert (outcome.status, outcome.result) == ("cancelled", None)
