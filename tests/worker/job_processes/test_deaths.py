"""The death of a process ends its job at once, says how it came, and ends no other job."""

from __future__ import annotations

import os
import signal
import time
from datetime import timedelta
from typing import Any

from pgjobs import events
from pgjobs.models import Job
from tests.apps.isolated.jobs import (
    Allocates,
    PrintsLastWords,
    ShowsInFreshProcess,
    StartsPrograms,
    StartsTooLarge,
)
from tests.apps.testapp.jobs import Held, Noop
from tests.apps.testapp.models import Trace
from tests.apps.unruly.jobs import (
    Closes,
    Exits,
    Forks,
    IsNotRepeated,
    LeavesAChild,
    Segfaults,
)
from tests.support import traces
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.job_status import status_of, until_status
from tests.support.processes import children_of, frozen, is_alive
from tests.support.worker_process import RunningWorker, SupervisedWorker, run_burst


def refreshed(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def told(label: str) -> list[int]:
    """Return the processes that jobs have started and told of by this trace."""
    found = Trace.objects.filter(label=label).values_list("job_id", flat=True)
    return [pid for pid in found if pid is not None]


def test_a_memory_limit_below_what_a_process_has_at_first_is_told_so(
    environment: Environment,
) -> None:
    job = StartsTooLarge.enqueue()
    run_burst(environment)
    assert "Meta.memory_limit of 5 MiB is less than the" in refreshed(job).error


DEATHS: dict[Any, list[str]] = {
    Exits: ["ended with exit code 3"],
    Segfaults: ["died of SIGSEGV", "Fatal Python error", "jobs.py"],
    PrintsLastWords: ["ended with exit code 3", "word 99"],
    Closes: ["closed the connection of its process to the worker"],
    Allocates: ["more memory than its memory_limit of 200 MiB"],
}
"""What the error of each job must tell."""


def test_its_job_ends_with_what_is_known_of_it(environment: Environment, kind: str) -> None:
    jobs = {
        job_class: job_class.enqueue(**({"everything": True} if job_class is Closes else {}))
        for job_class in DEATHS
    }
    with RunningWorker(environment, "--burst", "--isolation", kind) as worker:
        assert worker.wait() == 0, worker.output
        for job in jobs.values():
            assert worker.told(events.JobErrored, job=job.pk)
    for job_class, expected in DEATHS.items():
        row = refreshed(jobs[job_class])
        assert (row.status, row.epoch, row.interruptions) == ("errored", 1, 0)
        for text in expected:
            assert text in row.error, row.error
        assert row.errors[0]["exception"] == "pgjobs.exceptions.JobProcessDied"
        assert len(row.error) < 5000


def test_a_crash_is_an_error_that_the_retry_policy_judges(
    environment: Environment, kind: str
) -> None:
    job = Exits.enqueue(max_attempts=2)
    neighbours = Noop.enqueue_many({} for _ in range(20))
    run_burst(environment, "--isolation", kind)
    row = refreshed(job)
    assert (row.status, row.attempt) == ("scheduled", 1)
    assert row.scheduled is not None
    assert row.scheduled - row.created > timedelta(seconds=1)
    ends = Job.objects.filter(pk__in=neighbours).values_list("status", "attempt", "interruptions")
    assert set(ends) == {("completed", 1, 0)}


def test_a_kill_from_outside_is_an_interruption(environment: Environment, kind: str) -> None:
    job, neighbour = Held.enqueue(label="victim"), Held.enqueue(label="neighbour")
    with RunningWorker(environment, "--isolation", kind) as worker:
        for times in (1, 2):
            traces.until("victim", times)
            os.kill(traces.pids("victim")[-1], signal.SIGKILL)
        traces.until("victim", 3)
        assert (refreshed(job).attempt, refreshed(job).interruptions) == (1, 3)
        os.kill(traces.pids("victim")[-1], signal.SIGKILL)
        until_status(job, "errored")
        assert len(worker.told(events.JobProcessLost, job=job.pk)) == 3
        assert worker.told(events.JobErrored, job=job.pk)
        traces.release()
        until_status(neighbour, "completed")
    row = refreshed(job)
    assert (row.attempt, row.interruptions) == (1, 3)
    assert "lost its process 3 times" in row.error
    assert "died of SIGKILL. Was there enough memory?" in row.error
    assert row.errors[0]["exception"] == "pgjobs.exceptions.JobProcessDied"
    lines = row.log_entries.filter(message__contains="died of SIGKILL")
    assert [entry.level for entry in lines.order_by("id")] == ["warning", "warning", "error"]
    assert refreshed(neighbour).epoch == 1


def test_a_kill_ends_a_job_that_must_not_be_repeated(environment: Environment, kind: str) -> None:
    job = IsNotRepeated.enqueue()
    run_burst(environment, "--isolation", kind)
    row = refreshed(job)
    assert (row.status, row.epoch, row.interruptions) == ("errored", 1, 1)
    assert "must not be repeated" in row.error


def test_what_it_forks_neither_comes_back_nor_outlives_it(
    environment: Environment, kind: str
) -> None:
    forks = [Forks.enqueue(how=how) for how in ("exits", "raises", "returns")]
    leaves = LeavesAChild.enqueue()
    run_burst(environment, "--isolation", kind)
    assert [refreshed(job).result for job in forks] == [7, 1, 0]
    assert (status_of(leaves), refreshed(leaves).epoch) == ("completed", 2)
    eventually(lambda: not any(is_alive(pid) for pid in told("forked")))


def test_a_worker_that_is_killed_takes_them_along_and_their_jobs_are_rescued(
    environment: Environment, kind: str
) -> None:
    job = StartsPrograms.enqueue(then="waits")
    with RunningWorker(environment, "--isolation", kind) as worker:
        traces.until("program", 2)
        family = [*traces.pids("program"), *told("program")]
        worker.kill()
        eventually(lambda: not any(is_alive(pid) for pid in family))
    with RunningWorker(environment, "--isolation", kind):
        traces.until("program", 4, timeout=40)
        assert refreshed(job).interruptions == 1


def test_a_fork_server_that_is_killed_costs_its_jobs_an_interruption(
    environment: Environment, kind: str
) -> None:
    job = Held.enqueue(label="held")
    with RunningWorker(environment, "--isolation", kind) as worker:
        traces.until("held", 1)
        (server,) = children_of(worker.process.pid)
        os.kill(server, signal.SIGKILL)
        eventually(lambda: not is_alive(traces.pids("held")[0]))
        traces.until("held", 2)
        assert refreshed(job).interruptions == 1
        traces.release()
        until_status(job, "completed")


def test_a_worker_that_is_stopped_loses_them_before_others_take_its_jobs(
    environment: Environment, kind: str
) -> None:
    environment = with_settings(environment, HEARTBEAT_INTERVAL=0.5, HEARTBEAT_TIMEOUT=3)
    Held.enqueue(label="held")
    with RunningWorker(environment, "--isolation", kind) as worker:
        traces.until("held", 1)
        with frozen(worker.process.pid):
            began = time.monotonic()
            eventually(lambda: not is_alive(traces.pids("held")[0]))
            assert time.monotonic() - began < 3


def test_a_drain_waits_for_them(environment: Environment, kind: str) -> None:
    job = Held.enqueue(label="held")
    with RunningWorker(environment, "--isolation", kind) as worker:
        traces.until("held")
        worker.terminate()
        worker.until_told(events.WorkerStopping)
        traces.release()
        assert worker.wait() == 0
    assert (status_of(job), refreshed(job).epoch) == ("completed", 1)


def test_a_signal_to_all_processes_of_a_service_ends_none_of_them(
    environment: Environment, kind: str
) -> None:
    job = Held.enqueue(label="held")
    with RunningWorker(environment, "--isolation", kind) as worker:
        traces.until("held")
        for pid in (*traces.pids("held"), *children_of(worker.process.pid), worker.process.pid):
            os.kill(pid, signal.SIGTERM)
        worker.until_told(events.WorkerStopping)
        traces.release()
        assert worker.wait() == 0
    assert (status_of(job), refreshed(job).epoch) == ("completed", 1)


def test_a_second_signal_kills_them_and_releases_their_jobs(
    environment: Environment, kind: str
) -> None:
    job = Held.enqueue(label="held")
    with RunningWorker(environment, "--isolation", kind) as worker:
        traces.until("held")
        worker.terminate()
        worker.until_told(events.WorkerStopping)
        worker.terminate()
        assert worker.wait() == 1
        assert not is_alive(traces.pids("held")[0])
        assert not worker.told(events.JobProcessLost)
    row = refreshed(job)
    assert (row.status, row.attempt, row.interruptions) == ("pending", 0, 0)


def test_the_command_runs_them_under_its_supervisor(environment: Environment) -> None:
    job = ShowsInFreshProcess.enqueue()
    with SupervisedWorker(environment) as worker:
        until_status(job, "completed")
        assert worker.stop() == 0
