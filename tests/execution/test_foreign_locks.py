"""A foreign session holds the advisory lock of a job that this process is to run."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgjobs.exceptions import JobLocked
from pgjobs.execution import in_process
from pgjobs.models import Job
from pgjobs.sql.locks import HERE_LOCK
from tests.apps.testapp.jobs import Noop
from tests.support.engine import OpenConnection
from tests.support.job_status import status_of
from tests.support.sql import advisory_locks

LockJobs = Callable[..., None]


@pytest.fixture
def lock_jobs(open_connection: OpenConnection) -> LockJobs:
    """Takes the locks of jobs with these ids, in a session of its own."""
    foreign = open_connection()

    def lock(*ids: int) -> None:
        for job in ids:
            foreign.cursor().execute("SELECT pg_advisory_lock(%s, %s)", [HERE_LOCK, job])

    return lock


def test_an_immediate_job_whose_next_ids_are_locked_takes_a_later_id(lock_jobs: LockJobs) -> None:
    last = Noop.enqueue(immediate=True).pk
    lock_jobs(last + 1, last + 2)
    job = Noop.enqueue(immediate=True, depth=2)

    assert (job.pk, job.status, job.result) == (last + 3, "completed", {"depth": 2})
    assert Job.objects.count() == 2
    assert len(advisory_locks()) == 2


def test_an_immediate_job_that_finds_no_id_that_it_can_lock_says_so(
    lock_jobs: LockJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_process, "_MOST_IDS", 2)
    last = Noop.enqueue().pk
    lock_jobs(last + 1, last + 2)
    with pytest.raises(JobLocked):
        Noop.enqueue(immediate=True)

    assert Job.objects.count() == 1


def test_a_waiting_job_whose_lock_is_taken_is_not_run_here(
    lock_jobs: LockJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_process, "_PATIENCE", 0)
    job = Noop.enqueue()
    lock_jobs(job.pk)
    with pytest.raises(JobLocked, match=f"of job {job.pk}"):
        Noop.handle(job)

    assert status_of(job) == "pending"


def test_a_job_that_another_process_runs_is_left_alone(lock_jobs: LockJobs) -> None:
    job = Noop.enqueue()
    Job.objects.filter(pk=job.pk).update(status="cancelled", completed=job.created)
    lock_jobs(job.pk)
    Noop.handle(job)

    assert status_of(job) == "cancelled"
