"""Jobs that do not end when told to: their process is ended, and their neighbours are not
charged."""

from __future__ import annotations

import os

import pytest

from pgjobs import BackgroundJob, events
from tests.apps.testapp.jobs import Held, Tracing
from tests.apps.unruly.jobs import (
    BlocksTheLoop,
    SleepsInC,
    SwallowsCancellation,
    SwallowsEverything,
    WaitsForPostgres,
)
from tests.support import traces
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.worker_process import supervised_unruly_worker

DEAF = [SleepsInC, SwallowsEverything, BlocksTheLoop, SwallowsCancellation]


@pytest.mark.parametrize("job_class", DEAF)
def test_a_job_that_ignores_its_timeout_is_errored_and_its_neighbour_is_released_free_of_charge(
    child_environment: Environment, job_class: type[BackgroundJob]
) -> None:
    deaf, neighbour = job_class.enqueue(timeout=1), Held.enqueue()
    with supervised_unruly_worker(child_environment, "-c", "2", KILL_GRACE=0.5):
        eventually(lambda: traces.count("deaf") and traces.count("started"), timeout=30)
        until_status(deaf, "errored")
        traces.until("started", 2)
        traces.release()
        until_status(neighbour, "completed")
    deaf.refresh_from_db()
    assert "longer than its timeout of 1 seconds" in deaf.error
    assert "did not end when told to" in deaf.error
    assert deaf.errors[0]["exception"] == "pgjobs.exceptions.JobTimeout"
    neighbour.refresh_from_db()
    assert (neighbour.epoch, neighbour.attempt) == (2, 1)
    assert (neighbour.interruptions, neighbour.errors) == (0, [])
    first, second = traces.pids("started")
    assert [first] == traces.pids("deaf")
    assert second != first


def test_a_job_that_ignores_its_cancellation_is_cancelled_by_ending_its_process(
    child_environment: Environment,
) -> None:
    deaf = SwallowsEverything.enqueue()
    with supervised_unruly_worker(child_environment, KILL_GRACE=0.5) as worker:
        traces.until("deaf")
        deaf.cancel()
        until_status(deaf, "cancelled")
        worker.until_told(events.ChildEnded, delay=0)
    assert traces.count("deaf") == 1


def test_a_job_that_waits_for_postgresql_ends_at_its_timeout_and_the_process_goes_on(
    child_environment: Environment,
) -> None:
    waiting = WaitsForPostgres.enqueue(timeout=1)
    with supervised_unruly_worker(child_environment, "-c", "1"):
        until_status(waiting, "errored")
        after = Tracing.enqueue()
        until_status(after, "completed")
    waiting.refresh_from_db()
    assert "longer than its timeout of 1 seconds" in waiting.error
    assert waiting.started is not None
    assert waiting.completed is not None
    assert 1 <= (waiting.completed - waiting.started).total_seconds() < 60  # of its 600
    assert traces.pids("waits") == traces.pids("ran")
    assert os.getpid() not in traces.pids("ran")
