"""Stopping: running jobs end, and the other claimed jobs are released free of charge."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pgjobs import events
from pgjobs.models import Job, WorkerProcess
from tests.apps.testapp.jobs import Held, Noop, Tracing
from tests.support import traces
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.job_status import status_of
from tests.support.worker_process import RunningWorker, run_burst


@pytest.mark.parametrize("stop", [RunningWorker.terminate, RunningWorker.interrupt])
def test_a_stop_signal_lets_the_running_job_end(
    child_environment: Environment, stop: Callable[[RunningWorker], None]
) -> None:
    job = Held.enqueue()
    with RunningWorker(child_environment) as worker:
        traces.until("started")
        stop(worker)
        worker.until_told(events.WorkerStopping)
        assert status_of(job) == "running"
        traces.release()
        assert worker.wait() == 0
    assert status_of(job) == "completed"
    assert WorkerProcess.objects.get().stopped is not None


def test_a_draining_worker_claims_no_more(child_environment: Environment) -> None:
    Held.enqueue()
    with RunningWorker(child_environment, "-c", "4") as worker:
        traces.until("started")
        worker.terminate()
        worker.until_told(events.WorkerStopping)
        late = Tracing.enqueue()
        traces.release()
        assert worker.wait() == 0
    assert status_of(late) == "pending"


def test_claimed_jobs_that_did_not_start_are_released_at_once_and_free_of_charge(
    child_environment: Environment,
) -> None:
    # After many fast jobs the worker claims far ahead, beyond the held job.
    Noop.enqueue_many({} for _ in range(300))
    held = Held.enqueue()
    behind = Noop.enqueue_many({} for _ in range(300))
    with RunningWorker(child_environment, "-c", "1") as worker:
        traces.until("started")
        claimed_ahead = Job.objects.filter(pk__in=behind, status="running").count()
        worker.terminate()
        eventually(lambda: Job.objects.filter(pk__in=behind, status="pending").count() == 300)
        assert status_of(held) == "running"
        traces.release()
        assert worker.wait() == 0
    assert claimed_ahead > 0
    assert Job.objects.filter(pk__in=behind, epoch=1).count() == claimed_ahead
    assert not Job.objects.filter(pk__in=behind).exclude(attempt=0, interruptions=0).exists()


def test_a_second_signal_ends_the_worker_without_waiting_and_releases_its_job(
    child_environment: Environment,
) -> None:
    job = Held.enqueue()
    with RunningWorker(child_environment) as worker:
        traces.until("started")
        worker.terminate()
        worker.until_told(events.WorkerStopping)
        assert worker.stop(10) == 1
    job.refresh_from_db()
    assert (job.status, job.attempt, job.interruptions) == ("pending", 0, 0)


def test_a_job_that_outlasts_the_shutdown_timeout_is_released(
    child_environment: Environment,
) -> None:
    job = Held.enqueue()
    with RunningWorker(child_environment, "--shutdown-timeout", "0.3") as worker:
        traces.until("started")
        assert worker.stop(10) == 1
    job.refresh_from_db()
    assert (job.status, job.attempt, job.interruptions) == ("pending", 0, 0)
    assert WorkerProcess.objects.get().stopped is not None


def test_a_job_that_was_cut_off_runs_again_in_another_worker(
    child_environment: Environment,
) -> None:
    job = Held.enqueue()
    with RunningWorker(child_environment, "--shutdown-timeout", "0.3") as worker:
        traces.until("started")
        assert worker.stop(10) == 1
    traces.release()
    run_burst(child_environment)
    job.refresh_from_db()
    assert (job.status, job.attempt, job.epoch) == ("completed", 1, 2)
    assert traces.labels() == ["started", "release", "started", "ended"]


def test_an_idle_worker_stops_at_once(child_environment: Environment) -> None:
    with RunningWorker(child_environment, "--shutdown-timeout", "600") as worker:
        worker.until_started()
        assert worker.stop(10) == 0
