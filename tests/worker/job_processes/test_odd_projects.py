"""Isolated jobs beside code that uses up, spoils or takes the means of their worker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from pgjobs import events
from pgjobs.models import Job
from tests.apps.isolated.jobs import (
    PrintsLastWords,
    SeesAProgram,
    Shows,
    ShowsInFreshProcess,
    ShowsSurroundings,
    Speaks,
    SpoilsItsWorker,
)
from tests.apps.testapp.jobs import Held
from tests.apps.testapp.models import Trace
from tests.support import traces
from tests.support.environment import Environment, with_apps
from tests.support.eventually import eventually
from tests.support.job_status import status_of, until_status
from tests.support.processes import children_of, is_alive
from tests.support.worker_process import RunningWorker, run_burst


@pytest.mark.parametrize("how", ["opens_many_files", "sets_a_default_timeout"])
def test_a_thread_job_that_spoils_its_worker_does_not_hinder_them(
    environment: Environment, kind: str, how: str
) -> None:
    jobs = [
        Shows.enqueue(),
        SpoilsItsWorker.enqueue(how=how),
        *[Shows.enqueue() for _ in range(3)],
    ]
    run_burst(environment, "--isolation", kind, "--concurrency", "1")
    rows = Job.objects.filter(pk__in=[job.pk for job in jobs])
    ends = {(row.status, row.attempt, row.interruptions, row.error) for row in rows}
    assert ends == {("completed", 1, 0, "")}


def test_after_a_restart_of_the_fork_server_they_start_where_the_worker_started(
    environment: Environment, kind: str
) -> None:
    first = ShowsSurroundings.enqueue()
    with RunningWorker(environment, "--isolation", kind, "--concurrency", "1") as worker:
        until_status(first, "completed")
        (server,) = children_of(worker.process.pid)
        until_status(SpoilsItsWorker.enqueue(how="changes_its_surroundings"), "completed")
        os.kill(server, signal.SIGKILL)
        eventually(lambda: not is_alive(server))
        second = ShowsSurroundings.enqueue()
        until_status(second, "completed")
    before, after = (Job.objects.get(pk=job.pk).result for job in (first, second))
    assert after == before


def test_they_share_no_session_that_the_project_opened_while_it_was_loaded(
    environment: Environment,
) -> None:
    environment |= {"STARTING": "queries", "DJANGO_SETTINGS_MODULE": "tests.settings.with_pool"}
    jobs = [ShowsInFreshProcess.enqueue() for _ in range(3)]
    run_burst(with_apps(environment, "isolated", "starting"), "--concurrency", "1")
    assert len({Job.objects.get(pk=job.pk).result["session"] for job in jobs}) == len(jobs)


def test_a_program_that_the_project_started_while_it_was_loaded_lives_on(
    environment: Environment,
) -> None:
    environment["STARTING"] = "starts a program"
    jobs = [SeesAProgram.enqueue() for _ in range(3)]
    arguments = ["--concurrency", "1", "--isolation", "fresh_process"]
    run_burst(with_apps(environment, "isolated", "starting"), *arguments)
    assert [Job.objects.get(pk=job.pk).result for job in jobs] == [True] * 3


def test_the_project_may_have_replaced_standard_error(environment: Environment) -> None:
    environment["STARTING"] = "replaces stderr"
    job = ShowsInFreshProcess.enqueue()
    run_burst(with_apps(environment, "isolated", "starting"))
    assert Job.objects.get(pk=job.pk).epoch == 1


def test_the_command_may_be_started_with_standard_error_closed(environment: Environment) -> None:
    jobs = [Speaks.enqueue(), PrintsLastWords.enqueue(max_attempts=1), Speaks.enqueue()]
    worker = "-m django pgjobs_worker --burst --concurrency 1 --isolation process 2>&-"
    subprocess.run(
        ["sh", "-c", f"exec {sys.executable} {worker}"],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        timeout=60,
        check=True,
    )
    statuses = [status_of(job) for job in jobs]
    assert statuses == ["completed", "errored", "completed"]
    assert "word 99" in Job.objects.get(pk=jobs[1].pk).error


def test_a_fork_server_that_may_open_no_more_files_costs_no_running_job(
    environment: Environment,
) -> None:
    environment["STARTING"] = "limits files:8"
    environment = with_apps(environment, "isolated", "starting")
    jobs = [Held.enqueue() for _ in range(8)]
    with RunningWorker(environment, "--concurrency", "8", "--isolation", "process") as worker:
        worker.until_told(events.JobNotStarted)
        traces.until("started")
        assert "Too many open files" in worker.output
        traces.release()
        for job in jobs:
            until_status(job, "completed")
    assert set(Job.objects.values_list("interruptions", flat=True)) == {0}


def test_they_end_with_their_worker_though_a_forked_process_of_a_thread_job_lives_on(
    environment: Environment,
) -> None:
    with RunningWorker(environment, "--isolation", "process") as worker:
        SpoilsItsWorker.enqueue(how="forks")
        traces.until("forked")
        Held.enqueue(label="held")
        traces.until("held")
        (pid,) = traces.pids("held")
        worker.kill()
        eventually(lambda: not is_alive(pid))
    forked = Trace.objects.get(label="forked").job_id
    assert forked is not None
    os.kill(forked, signal.SIGKILL)
