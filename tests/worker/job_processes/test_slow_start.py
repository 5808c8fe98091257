"""A project that takes long to load: jobs that wait for their first process."""

from __future__ import annotations

import pytest

from pgjobs import events
from pgjobs.models import Job
from tests.apps.isolated.jobs import ShowsInProcess
from tests.apps.testapp.jobs import Held
from tests.support import traces
from tests.support.environment import Environment, with_apps, with_settings
from tests.support.eventually import eventually
from tests.support.job_status import status_of, until_status
from tests.support.processes import children_of
from tests.support.worker_process import RunningWorker


@pytest.fixture
def environment(child_environment: Environment) -> Environment:
    environment = with_apps(child_environment, "isolated", "starting")
    return with_settings(environment, KILL_GRACE=0.3)


def test_a_job_that_is_cancelled_meanwhile_ends_and_its_neighbours_go_on(
    environment: Environment,
) -> None:
    environment["STARTING"] = "sleeps:5"
    with RunningWorker(environment, "--concurrency", "2") as worker:
        neighbour, job = Held.enqueue(), ShowsInProcess.enqueue()
        traces.until("started")
        until_status(job, "running")
        assert job.cancel()
        until_status(job, "cancelled")
        assert not worker.told(events.StopIgnored)
        traces.release()
        until_status(neighbour, "completed")
        assert worker.stop() == 0
    assert Job.objects.get(pk=neighbour.pk).epoch == 1


def test_a_second_signal_does_not_wait_for_it(environment: Environment) -> None:
    environment["STARTING"] = "sleeps:600"
    jobs = [ShowsInProcess.enqueue() for _ in range(3)]
    with RunningWorker(environment, "--concurrency", "3") as worker:
        for job in jobs:
            until_status(job, "running")
        eventually(lambda: children_of(worker.process.pid))
        worker.terminate()
        worker.until_told(events.WorkerStopping)
        worker.terminate()
        assert worker.wait(30) == 1
    assert {status_of(job) for job in jobs} == {"pending"}
