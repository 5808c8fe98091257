"""A job that changes its own instance or row: its outcome still names the row that was claimed."""

from __future__ import annotations

from typing import Any

import pytest

from pgjobs import BackgroundJob, events
from pgjobs.models import Job
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


class ChangesAtomically(Changes):
    class Meta:
        atomic = True


@pytest.mark.parametrize("job_class", [Changes, ChangesAtomically])
def test_a_job_that_changes_its_key_ends(job_class: type[BackgroundJob]) -> None:
    job = job_class.enqueue(how="takes_another_key")
    run_burst_here("-c", "1")
    assert Job.objects.get(pk=job.pk).status == "completed"


@pytest.mark.parametrize("how", ["deletes", "fails_after_it_deletes"])
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


@pytest.mark.parametrize("how", ["deletes", "fails_after_it_deletes"])
@pytest.mark.parametrize("job_class", [Changes, ChangesAtomically])
def test_an_immediate_job_that_deletes_its_row_raises_nothing(
    job_class: type[BackgroundJob], how: str
) -> None:
    job_class.enqueue(how=how, immediate=True)
    assert Job.objects.count() == (job_class is ChangesAtomically)
