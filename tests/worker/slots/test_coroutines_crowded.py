"""Coroutine jobs when the loop is blocked, slots are few, or the worker stops."""

from __future__ import annotations

import asyncio
import threading

import pytest

from pgjobs import BackgroundJob
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from tests.apps.testapp.jobs import HeldCoroutine, TracingCoroutine
from tests.apps.unruly.jobs import BlocksTheLoop, Dozes
from tests.support import traces
from tests.support.engine import a_pool
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.job_status import has_status, until_status
from tests.support.worker_process import supervised_unruly_worker, unruly_worker


class WaitsForRelease(BackgroundJob):
    released = threading.Event()

    async def run(self) -> None:
        while not self.released.is_set():
            await asyncio.sleep(0.01)


def test_coroutines_beyond_the_number_of_slots_wait(child_environment: Environment) -> None:
    jobs = [HeldCoroutine.enqueue() for _ in range(3)]
    with unruly_worker(child_environment, "-c", "2"):
        traces.until("started", 2)
        assert [has_status(job, "pending") for job in jobs] == [False, False, True]
        traces.release()
        eventually(lambda: all(has_status(job, "completed") for job in jobs))


def test_a_coroutine_whose_timeout_passes_while_the_loop_is_blocked_never_begins(
    child_environment: Environment,
) -> None:
    blocking = BlocksTheLoop.enqueue(seconds=4)
    with unruly_worker(child_environment, "-c", "2"):
        traces.until("deaf")
        late = TracingCoroutine.enqueue(timeout=1)
        until_status(blocking, "completed")
        until_status(late, "errored")
    late.refresh_from_db()
    assert "longer than its timeout of 1 seconds" in late.error
    assert traces.labels() == ["deaf"]


def test_a_coroutine_that_waits_for_a_blocked_loop_is_released_free_of_charge(
    child_environment: Environment,
) -> None:
    deaf = BlocksTheLoop.enqueue(timeout=2)
    with supervised_unruly_worker(child_environment, "-c", "2", KILL_GRACE=0.5):
        traces.until("deaf")
        waiting = TracingCoroutine.enqueue()
        until_status(waiting, "running")
        until_status(waiting, "completed")
    assert has_status(deaf, "errored")
    waiting.refresh_from_db()
    assert (waiting.epoch, waiting.attempt, waiting.interruptions) == (2, 1, 0)


def test_a_worker_that_stops_ends_its_running_coroutines_and_releases_the_others(
    child_environment: Environment,
) -> None:
    jobs = Job.objects.filter(pk__in=Dozes.enqueue_many({} for _ in range(400)))
    with unruly_worker(child_environment, "-c", "4") as worker:
        eventually(lambda: jobs.filter(status="completed").count() > 20)
        assert worker.stop() == 0
    completed, pending = jobs.filter(status="completed"), jobs.filter(status="pending")
    assert pending.count() > 0
    assert completed.count() + pending.count() == 400
    assert not pending.exclude(attempt=0, interruptions=0).exists()


def test_a_coroutine_cut_off_by_the_shutdown_timeout_is_released_without_a_traceback(
    child_environment: Environment,
) -> None:
    job = HeldCoroutine.enqueue()
    with unruly_worker(child_environment, "--shutdown-timeout", "0.3") as worker:
        traces.until("started")
        assert worker.stop(10) == 1
        output = worker.output
    job.refresh_from_db()
    assert (job.status, job.attempt, job.interruptions) == ("pending", 0, 0)
    assert "Traceback" not in output
    assert "destroyed" not in output


@pytest.mark.usefixtures("empty_queue")
def test_a_pool_that_stops_while_a_coroutine_runs_ends_the_slots_thread() -> None:
    outcomes: list[Outcome | None] = []
    pool = a_pool(outcomes)
    pool.submit([WaitsForRelease.enqueue()])
    pool.start()
    eventually(pool.running)

    threading.Timer(0.3, WaitsForRelease.released.set).start()
    pool.stop(10)

    assert [outcome.status for outcome in outcomes if outcome] == ["completed"]
    assert not pool.slots[0].thread.is_alive()
