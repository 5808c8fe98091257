"""A job that changes its own instance or row: its outcome still names the row that was claimed."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db.models.functions import Now

from pgjobs import BackgroundJob, events, job_end
from pgjobs.models import Job
from tests.support.listening import listening
from tests.support.told_events import ToldSoFar
from tests.support.worker_process import run_burst_here

pytestmark = pytest.mark.usefixtures("empty_queue", "no_system_jobs")


class Changes(BackgroundJob):
    def run(self, how: str) -> None:
        getattr(self, how)(self.job)
        if how.startswith("fails"):
            raise ValueError("boom")

    def deletes(self, job: Any) -> None:
        job.delete()

    fails_after_it_deletes = deletes

    def takes_another_key(self, job: Any) -> None:
        job.pk, job.epoch, job.worker_id = None, 7, None

    def empties_itself(self, job: Any) -> None:
        vars(job).clear()

    def claims_its_end(self, job: Any) -> None:
        job.is_terminated = True

    def logs_after_it_deletes(self, job: Any) -> None:
        self.logger.info("before")
        self.progress(1)
        job.delete()
        self.logger.info("after")
        self.progress(2)

    def names_no_row_for_a_while(self, job: Any) -> None:
        key = job.pk
        job.pk, job.epoch = "nothing", 2**40
        Job.objects.filter(pk=key).update(cancel_requested=Now())
        while True:
            time.sleep(0.01)


class ChangesAtomically(Changes):
    class Meta:
        atomic = True


@pytest.mark.parametrize("job_class", [Changes, ChangesAtomically])
def test_a_job_that_changes_its_key_ends(job_class: type[BackgroundJob]) -> None:
    job = job_class.enqueue(how="takes_another_key")
    run_burst_here("-c", "1")
    assert Job.objects.get(pk=job.pk).status == "completed"


@pytest.mark.parametrize(
    ("how", "status"), [("empties_itself", "completed"), ("claims_its_end", "errored")]
)
def test_a_job_that_breaks_its_instance_ends(how: str, status: str) -> None:
    job = Changes.enqueue(how=how)
    with listening(job_end) as received:
        run_burst_here("-c", "1")
    job.refresh_from_db()
    assert (job.status, job.epoch) == (status, 1)
    assert [told["job"].pk for told in received] == [job.pk]


def test_a_job_that_names_another_row_is_cancelled_all_the_same(told: ToldSoFar) -> None:
    job = Changes.enqueue(how="names_no_row_for_a_while")
    run_burst_here("-c", "1")
    job.refresh_from_db()
    assert (job.status, job.epoch) == ("cancelled", 1)
    assert not told(events.DatabaseAway)


@pytest.mark.parametrize("how", ["deletes", "fails_after_it_deletes", "logs_after_it_deletes"])
def test_the_outcome_of_a_job_that_deletes_its_row_is_stale(how: str, told: ToldSoFar) -> None:
    job = Changes.enqueue(how=how)
    run_burst_here("-c", "1")
    assert not Job.objects.exists()
    assert [stale["job"] for stale in told(events.OutcomeStale)] == [job.pk]
    assert not told(events.OutcomeRefused)


def test_an_atomic_job_that_deletes_its_row_is_errored_and_does_not_run_again() -> None:
    job = ChangesAtomically.enqueue(how="deletes")
    run_burst_here("-c", "1")
    job.refresh_from_db()
    assert (job.status, job.epoch) == ("errored", 1)
    assert "delete its own row" in job.error


@pytest.mark.parametrize("how", ["deletes", "fails_after_it_deletes", "logs_after_it_deletes"])
@pytest.mark.parametrize("job_class", [Changes, ChangesAtomically])
def test_an_immediate_job_that_deletes_its_row_raises_nothing(
    job_class: type[BackgroundJob], how: str
) -> None:
    job_class.enqueue(how=how, immediate=True)
    assert Job.objects.count() == (job_class is ChangesAtomically)
