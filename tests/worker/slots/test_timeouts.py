"""A job past its timeout is ended, and no other job is affected."""

from __future__ import annotations

from typing import Any

import pytest

from pgjobs.models import Job
from tests.apps.testapp.jobs import (
    Endless,
    EndlessCoroutine,
    Held,
    HeldCoroutine,
    SlowToFail,
    Tracing,
    WaitingForFile,
)
from tests.support import traces
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.job_status import status_of
from tests.support.worker_process import RunningWorker, run_burst


def has_ended(job: Job) -> bool:
    return Job.objects.get(pk=job.pk).is_finished


@pytest.mark.parametrize("job_class", [Endless, EndlessCoroutine])
def test_a_job_past_its_timeout_is_errored(child_environment: Environment, job_class: Any) -> None:
    job = job_class.enqueue()
    run_burst(child_environment)
    job.refresh_from_db()
    assert job.status == "errored"
    assert "longer than its timeout of 1 seconds" in job.error
    assert job.errors[0]["exception"] == "pgjobs.exceptions.JobTimeout"
    # The limit counts from the job's slot on, which begins a moment before `started`.
    assert 0.9 <= (job.completed - job.started).total_seconds() < 60


def test_a_timeout_of_the_call_ends_the_job(child_environment: Environment) -> None:
    job = WaitingForFile.enqueue(timeout=1, path="/nowhere/at/all")
    run_burst(child_environment)
    job.refresh_from_db()
    assert "timeout of 1 seconds" in job.error


def test_a_job_without_a_timeout_is_ended_by_the_default_one(
    child_environment: Environment,
) -> None:
    job = WaitingForFile.enqueue(path="/nowhere/at/all")
    environment = with_settings(child_environment, DEFAULT_TIMEOUT=1)
    run_burst(environment)
    job.refresh_from_db()
    assert "timeout of 1 seconds" in job.error


@pytest.mark.parametrize(("late", "held"), [(Endless, Held), (EndlessCoroutine, HeldCoroutine)])
def test_a_job_beside_one_past_its_timeout_goes_on(
    child_environment: Environment, late: Any, held: Any
) -> None:
    neighbour, job = held.enqueue(), late.enqueue()
    with RunningWorker(child_environment, "-c", "2") as worker:
        eventually(lambda: has_ended(job))
        assert status_of(neighbour) == "running"
        traces.release()
        eventually(lambda: has_ended(neighbour))
        assert worker.stop() == 0
    assert status_of(job) == "errored"
    assert status_of(neighbour) == "completed"


def test_a_job_after_one_past_its_timeout_runs_in_the_same_slot(
    child_environment: Environment,
) -> None:
    Endless.enqueue()
    after = [Tracing.enqueue() for _ in range(5)]
    run_burst(child_environment, "-c", "1")
    assert {status_of(job) for job in after} == {"completed"}
    assert traces.count("ran") == 5


def test_a_timeout_reached_while_a_failure_is_written_down_leaves_the_job_errored(
    child_environment: Environment,
) -> None:
    job = SlowToFail.enqueue()
    run_burst(child_environment)
    job.refresh_from_db()
    assert job.status == "errored"
