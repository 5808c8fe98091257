"""A job in a process has all that a job in a thread has."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from django.contrib.auth import get_user_model

from pgjobs import events
from pgjobs.models import Job, JobLogEntry
from tests.apps.isolated.jobs import (
    CoroutineShows,
    KeepsWhatItHears,
    SetsAWord,
    Shows,
    ShowsInFreshProcess,
    ShowsInProcess,
    ShowsInThread,
    Speaks,
    SpeaksFromThreads,
    TakesItsProcess,
)
from tests.apps.testapp.jobs import AboutObject, FailsAfterWriting, Held, Noop
from tests.apps.testapp.models import Site, Trace
from tests.support import traces
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.processes import children_of
from tests.support.worker_process import RunningWorker, run_burst


def refreshed(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def test_its_end_its_data_and_its_log_are_those_of_a_job_in_a_thread(
    environment: Environment, kind: str
) -> None:
    how = ["", "fails", "raises", "retries", "snoozes", "terminates"]
    jobs = [Speaks.enqueue(how=each, max_attempts=2) for each in how]
    big = Noop.enqueue(text="x" * 100_000)
    atomic = FailsAfterWriting.enqueue()
    site = Site.objects.create(name="Oslo")
    about = AboutObject.enqueue(site)
    output = run_burst(environment, "--isolation", kind)
    rows = [refreshed(job) for job in jobs]
    assert [row.status for row in rows] == [
        "completed",
        "failed",
        "scheduled",
        "scheduled",
        "scheduled",
        "failed",
    ], output
    assert rows[0].result == "said"
    assert [row.error for row in rows[1:3]] == ["no good", "ValueError('boom')"]
    assert [row.attempt for row in rows] == [1, 1, 1, 1, 0, 1]
    assert rows[5].error == "by itself"
    for row in rows[:5]:
        assert row.progress == {"done": 3, "total": 7, "message": "three of seven"}
    for row in rows:
        assert row.data == {"seen": 3}
        assert row.log_entries.filter(message="an info line", attempt=1).count() == 1
    assert "boom" in rows[2].errors[0]["traceback"]
    assert refreshed(big).result == {"text": "x" * 100_000}
    assert refreshed(atomic).status == "errored"
    assert not Trace.objects.exists()
    assert refreshed(about).result == "Oslo"
    assert output.count("on standard error") == output.count("on standard output") == len(jobs)


def test_its_log_and_its_progress_can_be_read_while_it_runs(
    environment: Environment, kind: str
) -> None:
    job = Speaks.enqueue(how="waits")
    with RunningWorker(environment, "--isolation", kind):
        eventually(lambda: JobLogEntry.objects.filter(job=job, message="an info line").exists())
        eventually(lambda: refreshed(job).progress)
        assert refreshed(job).status == "running"


def test_lines_of_many_threads_are_stored_whole_and_once(
    environment: Environment, kind: str
) -> None:
    job = SpeaksFromThreads.enqueue(lines=300)
    run_burst(environment, "--isolation", kind)
    lines = JobLogEntry.objects.filter(job=job).values_list("message", flat=True)
    assert sorted(line.split()[0] for line in lines) == sorted(
        f"{thread}.{line}" for thread in range(5) for line in range(300)
    )


def test_each_job_that_listens_to_a_library_stores_its_own_lines_only(
    environment: Environment, kind: str
) -> None:
    names = ["one", "two", "three", "four"]
    jobs = [KeepsWhatItHears.enqueue(label=name) for name in names]
    run_burst(environment, "--isolation", kind)
    for job, name in zip(jobs, names, strict=True):
        assert refreshed(job).data == [f"{name} {number}" for number in range(20)]


def test_it_may_handle_signals_and_change_its_process(
    environment: Environment, kind: str, tmp_path: Path
) -> None:
    job = TakesItsProcess.enqueue(directory=str(tmp_path))
    run_burst(environment, "--isolation", kind)
    assert refreshed(job).result == [str(tmp_path)], refreshed(job).error


def test_it_runs_in_the_main_thread_of_its_process_in_a_context_of_its_own(
    environment: Environment, kind: str
) -> None:
    SetsAWord.enqueue()
    jobs = [Shows.enqueue() for _ in range(6)]
    run_burst(environment, "--isolation", kind, "--concurrency", "1")
    seen = [refreshed(job).result for job in jobs]
    assert all(each["is_main_thread"] and each["threads"] == 1 for each in seen)
    assert {each["word"] for each in seen} == {""}
    count = 1 if kind == "process" else len(jobs)
    assert len({each["pid"] for each in seen}) == count
    assert len({each["session"] for each in seen}) == count


def test_a_class_chooses_where_its_jobs_run(environment: Environment) -> None:
    classes = [ShowsInThread, ShowsInProcess, ShowsInFreshProcess, Shows]
    jobs = [job_class.enqueue() for job_class in classes for _ in range(3)]
    with RunningWorker(environment, "--burst", "--concurrency", "1") as worker:
        assert worker.wait() == 0, worker.output
        pid = worker.process.pid
    processes = [refreshed(job).result["pid"] for job in jobs]
    assert processes[:3] == processes[9:] == [pid] * 3
    assert len(set(processes[3:6])) == 1
    assert len(set(processes[6:9])) == 3
    assert len(set(processes)) == 1 + 1 + 3


def test_operators_can_tell_the_processes_apart(environment: Environment, kind: str) -> None:
    Held.enqueue(label="held")
    with RunningWorker(environment, "--isolation", kind) as worker:
        traces.until("held")
        (fork_server,) = children_of(worker.process.pid)
        names = [Path(f"/proc/{pid}/comm").read_text().strip() for pid in traces.pids("held")]
        assert names == ["pgjobs-job"]
        assert Path(f"/proc/{fork_server}/comm").read_text().strip() == "pgjobs-fork"


def test_the_setting_is_the_default_and_the_option_takes_precedence(
    environment: Environment,
) -> None:
    environment = with_settings(environment, ISOLATION="process")
    jobs = []
    for option in ([], ["--isolation", "thread"]):
        jobs.append(Shows.enqueue())
        with RunningWorker(environment, "--burst", *option) as worker:
            assert worker.wait() == 0, worker.output
            worker_pid = worker.process.pid
    assert refreshed(jobs[0]).result["pid"] != worker_pid
    assert refreshed(jobs[1]).result["pid"] == worker_pid


def test_a_coroutine_runs_in_it_too(environment: Environment, kind: str) -> None:
    jobs = [CoroutineShows.enqueue() for _ in range(3)]
    with RunningWorker(environment, "--burst", "--isolation", kind) as worker:
        assert worker.wait() == 0, worker.output
        pid = worker.process.pid
    results = [refreshed(job).result for job in jobs]
    assert pid not in {each["pid"] for each in results}
    assert all(each["session"] for each in results)


def test_the_end_of_it_is_told_by_the_worker_and_its_start_in_its_process(
    environment: Environment, kind: str
) -> None:
    user = get_user_model().objects.create(username="ada")
    job = Speaks.enqueue(user=user)
    with RunningWorker(environment, "--burst", "--isolation", kind) as worker:
        assert worker.wait() == 0, worker.output
        assert worker.told(events.JobStarted, job=job.pk)
        assert worker.told(events.AttemptEnded, job=job.pk, status="completed")
        assert worker.told(events.JobEnded, job=job.pk)


def test_strict_order_holds_while_all_processes_are_busy(environment: Environment) -> None:
    classes = [ShowsInProcess, ShowsInThread, ShowsInFreshProcess] * 4
    jobs = [job_class.enqueue() for job_class in classes]
    with RunningWorker(environment, "--burst", "--concurrency", "1") as worker:
        assert worker.wait() == 0, worker.output
        started = [event["job"] for event in worker.told(events.JobStarted)]
    assert started == [job.pk for job in jobs]


def test_a_process_is_replaced_after_so_many_jobs(environment: Environment) -> None:
    environment = with_settings(environment, MAX_JOBS_PER_PROCESS=3)
    jobs = [ShowsInProcess.enqueue() for _ in range(7)]
    run_burst(environment, "--concurrency", "1")
    processes = [refreshed(job).result["pid"] for job in jobs]
    assert [processes.count(pid) for pid in dict.fromkeys(processes)] == [3, 3, 1]


def test_a_process_that_has_grown_is_replaced(environment: Environment) -> None:
    from tests.apps.unruly.jobs import Hoards

    environment = with_settings(environment, MAX_MEMORY_PER_PROCESS=200)
    before, hoard, after = (
        ShowsInProcess.enqueue(),
        Hoards.enqueue(mebibytes=200),
        ShowsInProcess.enqueue(),
    )
    run_burst(environment, "--isolation", "process", "--concurrency", "1")
    assert refreshed(hoard).status == "completed"
    assert refreshed(before).result["pid"] != refreshed(after).result["pid"]


def test_an_immediate_job_runs_in_its_callers_process(empty_queue: None) -> None:
    job = ShowsInFreshProcess.enqueue(immediate=True)
    assert job.result["pid"] == os.getpid()


def test_an_idle_process_that_was_killed_costs_no_job(environment: Environment) -> None:
    first = ShowsInProcess.enqueue()
    with RunningWorker(environment, "--concurrency", "1") as worker:
        eventually(lambda: refreshed(first).status == "completed", timeout=30)
        os.kill(refreshed(first).result["pid"], 9)
        time.sleep(0.2)
        second = ShowsInProcess.enqueue()
        eventually(lambda: refreshed(second).status == "completed", timeout=30)
        assert worker.told(events.JobProcessLost) == []
    assert refreshed(second).epoch == 1


def test_a_process_that_dies_before_it_has_read_its_job_costs_no_job(
    environment: Environment,
) -> None:
    first = ShowsInProcess.enqueue()
    with RunningWorker(environment, "--concurrency", "1") as worker:
        eventually(lambda: refreshed(first).status == "completed", timeout=30)
        idle = refreshed(first).result["pid"]
        os.kill(idle, signal.SIGSTOP)
        second = ShowsInProcess.enqueue()
        eventually(lambda: refreshed(second).status == "running", timeout=30)
        time.sleep(0.2)  # until the job is sent
        os.kill(idle, signal.SIGKILL)
        eventually(lambda: refreshed(second).status == "completed", timeout=30)
        assert worker.told(events.JobProcessLost) == []
    assert (refreshed(second).epoch, refreshed(second).interruptions) == (1, 0)
