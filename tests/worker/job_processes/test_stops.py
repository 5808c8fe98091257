"""A job in a process is told to stop; if it does not, its process ends, and nothing else."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from pgjobs import events
from pgjobs.choices import JobIsolation
from pgjobs.models import Job
from tests.apps.isolated.jobs import (
    CleansUp,
    CleansUpInTheDatabase,
    EndsAGroup,
    ShowsInProcess,
    SleepsInCoroutine,
    SpoilsSignals,
    StartsPrograms,
    WaitsInProcess,
)
from tests.apps.testapp.jobs import Held
from tests.apps.testapp.models import Trace
from tests.apps.unruly.jobs import SleepsInC, SwallowsEverything, WaitsForPostgres
from tests.support import traces
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.job_status import status_of, until_status
from tests.support.processes import is_alive
from tests.support.sql import query
from tests.support.worker_process import RunningWorker, run_burst


def error_of(job: Job) -> Any:
    return Job.objects.get(pk=job.pk).errors[-1]["exception"]


def is_queried() -> bool:
    """Return whether the server still sleeps for a job."""
    asleep = (
        "SELECT FROM pg_stat_activity "
        "WHERE state = 'active' AND query = %s AND datname = current_database()"
    )
    return bool(query(asleep, "SELECT pg_sleep(600)"))


def test_a_timeout_ends_it_wherever_it_waits(environment: Environment, kind: str) -> None:
    classes: list[Any] = [SleepsInC, WaitsForPostgres, SleepsInCoroutine, CleansUp]
    jobs = [job_class.enqueue(timeout=1) for job_class in classes]
    with RunningWorker(environment, "--burst", "--isolation", kind) as worker:
        assert worker.wait() == 0, worker.output
        assert not worker.told(events.StopIgnored)
    assert {status_of(job) for job in jobs} == {"errored"}
    assert {error_of(job) for job in jobs} == {"pgjobs.exceptions.JobTimeout"}
    assert not is_queried()
    assert traces.count("cleaned") == 1


def test_signals_that_an_earlier_job_took_reach_the_next_job_of_the_process(
    environment: Environment,
) -> None:
    spoils, job = SpoilsSignals.enqueue(), SleepsInC.enqueue(timeout=2)
    options = ["--burst", "--isolation", "process", "--concurrency", "1"]
    with RunningWorker(environment, *options) as worker:
        assert worker.wait() == 0, worker.output
        assert not worker.told(events.StopIgnored)
    assert (status_of(spoils), error_of(job)) == ("completed", "pgjobs.exceptions.JobTimeout")


@pytest.mark.parametrize("isolation", JobIsolation.values)
def test_a_job_that_was_stopped_in_a_query_can_write_to_the_database(
    environment: Environment, isolation: str
) -> None:
    job = CleansUpInTheDatabase.enqueue(timeout=1)
    run_burst(environment, "--isolation", isolation)
    assert error_of(job) == "pgjobs.exceptions.JobTimeout"
    assert traces.count("cleaned") == 1


def test_it_can_end_a_process_that_leads_a_group_of_its_own(
    environment: Environment, kind: str
) -> None:
    job = EndsAGroup.enqueue()
    run_burst(environment, "--isolation", kind)
    assert Job.objects.get(pk=job.pk).result == -signal.SIGTERM


def test_it_can_be_cancelled(environment: Environment, kind: str) -> None:
    jobs = [CleansUp.enqueue(), SleepsInCoroutine.enqueue()]
    with RunningWorker(environment, "--isolation", kind):
        traces.until("begun", 2)
        for job in jobs:
            assert job.cancel()
            until_status(job, "cancelled")


def test_if_it_does_not_end_its_process_is_killed_and_its_neighbours_go_on(
    environment: Environment, kind: str
) -> None:
    environment = with_settings(environment, KILL_GRACE=0.5)
    neighbours = [Held.enqueue(label="neighbour"), Held.enqueue(label="neighbour")]
    deaf = SwallowsEverything.enqueue(timeout=1)
    with RunningWorker(environment, "--isolation", kind, "--concurrency", "3") as worker:
        traces.until("neighbour", 2)
        until_status(deaf, "errored")
        assert worker.told(events.StopIgnored, job=deaf.pk)
        traces.release()
        for neighbour in neighbours:
            until_status(neighbour, "completed")
            assert Job.objects.get(pk=neighbour.pk).epoch == 1
        assert worker.process.poll() is None
    assert "killed, because it did not end when told to" in Job.objects.get(pk=deaf.pk).error


def test_a_thread_job_that_ends_their_worker_costs_them_no_interruption(
    environment: Environment,
) -> None:
    environment = with_settings(environment, KILL_GRACE=0.3)
    neighbours = [WaitsInProcess.enqueue() for _ in range(3)]
    with RunningWorker(environment, "--concurrency", "4") as worker:
        traces.until("begun", 3)
        deaf = SwallowsEverything.enqueue(timeout=1)
        until_status(deaf, "errored")
        worker.wait()
    for neighbour in neighbours:
        row = Job.objects.get(pk=neighbour.pk)
        assert (row.status, row.attempt, row.interruptions) == ("pending", 0, 0)
    eventually(lambda: not any(is_alive(pid) for pid in traces.pids("begun")))


def test_its_programs_end_with_it(environment: Environment, kind: str) -> None:
    ended, stopped, dead = (
        StartsPrograms.enqueue(),
        StartsPrograms.enqueue(then="waits", timeout=5),
        StartsPrograms.enqueue(then="dies", max_attempts=1),
    )
    Job.objects.filter(pk=dead.pk).update(interruptions=2)  # it is its last chance
    run_burst(environment, "--isolation", kind)
    assert [status_of(job) for job in (ended, stopped, dead)] == ["completed", "errored", "errored"]
    programs = Trace.objects.filter(label="program").values_list("job_id", flat=True)
    assert len(programs) == 6
    eventually(lambda: not any(is_alive(pid or 0) for pid in programs))


def test_a_process_whose_job_left_programs_takes_no_other_job(environment: Environment) -> None:
    StartsPrograms.enqueue()
    jobs = [ShowsInProcess.enqueue() for _ in range(2)]
    run_burst(environment, "--isolation", "process", "--concurrency", "1")
    seen = {Job.objects.get(pk=job.pk).result["pid"] for job in jobs}
    assert seen.isdisjoint(traces.pids("program"))
    assert len(seen) == 1


def test_a_hundred_of_them_can_be_killed_at_once(environment: Environment) -> None:
    environment = with_settings(environment, KILL_GRACE=0.2)
    jobs = [SwallowsEverything.enqueue(timeout=2) for _ in range(100)]
    with RunningWorker(
        environment, "--burst", "--isolation", "fresh_process", "--concurrency", "100"
    ) as worker:
        assert worker.wait(110) == 0, worker.output
    assert {status_of(job) for job in jobs} == {"errored"}
