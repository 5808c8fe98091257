"""``manage.py pgjobs_worker``, started from the command line."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from pgjobs import events
from pgjobs.models import Job, WorkerProcess
from pgjobs.worker.liveness.suspicion import UNSUSPECTING
from tests.apps.testapp.jobs import AtOnceAgain, Enqueuing, Failing, Held, Noop, Raising, Tracing
from tests.support import traces
from tests.support.engine import OpenConnection
from tests.support.environment import Environment, with_settings
from tests.support.job_status import status_of
from tests.support.rows import a_job, a_worker
from tests.support.worker_process import SupervisedWorker, run_burst, run_burst_here

PLUGIN_QUEUE = {"QUEUE_MAPPINGS": {"site": "plugin.foo"}}


def test_an_unknown_queue_is_refused_before_a_process_starts() -> None:
    with pytest.raises(CommandError, match="'nowhere' is not a queue"):
        call_command("pgjobs_worker", "high", "nowhere")


def test_an_unknown_queue_is_refused_with_the_known_ones_listed(
    child_environment: Environment,
) -> None:
    environment = with_settings(child_environment, **PLUGIN_QUEUE)
    with SupervisedWorker(environment, "--queue", "nowhere") as worker:
        assert worker.wait() == 1
        assert "The queues are: high, default, low, plugin.foo." in worker.output


def test_a_worker_started_without_queues_serves_high_default_and_low(
    child_environment: Environment,
) -> None:
    run_burst(child_environment)
    assert WorkerProcess.objects.get().queues == ["high", "default", "low"]


def test_a_worker_started_without_queues_warns_of_queues_that_it_does_not_serve(
    child_environment: Environment,
) -> None:
    environment = with_settings(child_environment, **PLUGIN_QUEUE)
    with SupervisedWorker(environment, "--burst") as worker:
        assert worker.wait() == 0
        assert worker.told(events.QueuesUnserved, unserved=["plugin.foo"])


def test_a_worker_started_with_queues_serves_exactly_them_in_the_given_order(
    child_environment: Environment,
) -> None:
    high = Noop.enqueue(queue_name="high")
    low = Noop.enqueue(queue_name="low")
    with SupervisedWorker(child_environment, "--burst", "low", "default", "low") as worker:
        assert worker.wait() == 0
        assert not worker.told(events.QueuesUnserved)
    assert WorkerProcess.objects.get().queues == ["low", "default"]
    assert status_of(low) == "completed"
    assert status_of(high) == "pending"


def test_a_worker_takes_its_queues_as_options(child_environment: Environment) -> None:
    run_burst(child_environment, "--queue", "low", "-q", "high")
    assert WorkerProcess.objects.get().queues == ["low", "high"]


def test_a_burst_runs_the_jobs_that_its_jobs_enqueue_and_exits_0(
    child_environment: Environment,
) -> None:
    Enqueuing.enqueue(depth=5)
    run_burst(child_environment)
    assert [job.status for job in Job.objects.all()] == ["completed"] * 5


def test_a_burst_exits_0_however_its_jobs_end(child_environment: Environment) -> None:
    Raising.enqueue()
    Failing.enqueue()
    run_burst(child_environment)
    assert sorted(job.status for job in Job.objects.all()) == ["errored", "failed"]


def test_a_burst_makes_the_attempts_that_are_due_at_once(child_environment: Environment) -> None:
    job = AtOnceAgain.enqueue()
    run_burst(child_environment)
    job.refresh_from_db()
    assert (job.status, job.attempt) == ("errored", 100)


def test_a_burst_leaves_scheduled_jobs_alone(child_environment: Environment) -> None:
    retried = Raising.enqueue(max_attempts=2)
    run_burst(child_environment)
    assert status_of(retried) == "scheduled"


@pytest.mark.usefixtures("empty_queue")
def test_a_burst_runs_the_job_of_a_dead_worker() -> None:
    dead = a_worker()  # its heartbeat is young, and its lock is missing
    job = a_job("running", worker=dead, epoch=1, attempt=1)
    run_burst_here()
    job.refresh_from_db()
    assert (job.status, job.epoch, job.interruptions) == ("completed", 2, 1)


@pytest.mark.usefixtures("empty_queue")
def test_a_burst_without_a_dead_worker_does_not_wait_for_a_second_look() -> None:
    began = time.monotonic()
    run_burst_here()
    assert time.monotonic() - began < UNSUSPECTING


def test_a_burst_ends_although_the_row_of_a_dead_worker_can_not_be_ended(
    open_connection: OpenConnection,
) -> None:
    dead, rival = a_worker(), open_connection()
    with rival.get().transaction():
        rival.cursor().execute("SELECT FROM pgjobs_worker WHERE id = %s FOR UPDATE", [dead.pk])
        run_burst_here()
    assert WorkerProcess.objects.get(pk=dead.pk).stopped is None


@pytest.mark.usefixtures("empty_queue")
def test_a_worker_that_ends_after_one_job_takes_back_the_job_of_a_dead_worker_first() -> None:
    job = a_job("running", worker=a_worker(), epoch=1, attempt=1)
    Noop.enqueue()
    run_burst_here("--max-jobs", "1")
    assert status_of(job) == "pending"


def test_a_burst_of_replaced_processes_goes_on_until_nothing_is_due(
    child_environment: Environment,
) -> None:
    for _ in range(3):
        Tracing.enqueue()
    with SupervisedWorker(child_environment, "--burst", "--max-jobs-per-child", "1") as worker:
        assert worker.wait() == 0
    assert len(set(traces.pids("ran"))) == 3


def test_a_worker_with_max_jobs_stops_after_this_number_of_jobs(
    child_environment: Environment,
) -> None:
    Tracing.enqueue_many({"label": str(number)} for number in range(5))
    with SupervisedWorker(child_environment, "--max-jobs", "2", "-c", "1") as worker:
        assert worker.wait() == 0
    assert traces.labels() == ["0", "1"]
    assert Job.objects.filter(status="completed").count() == 2
    assert Job.objects.filter(status="pending", attempt=0, epoch=0).count() == 3


def test_a_worker_with_a_name_is_registered_under_it(child_environment: Environment) -> None:
    run_burst(child_environment, "--name", "north")
    assert WorkerProcess.objects.get().name == "north"


def test_a_worker_with_concurrency_runs_this_number_of_jobs_at_a_time(
    child_environment: Environment,
) -> None:
    for _ in range(3):
        Held.enqueue()
    with SupervisedWorker(child_environment, "--concurrency", "2", "--max-jobs", "3") as worker:
        traces.until("started", 2)
        assert Job.objects.filter(status="running").count() == 2
        traces.release()
        assert worker.wait() == 0
    assert traces.count("ended") == 3
    assert WorkerProcess.objects.get().concurrency == 2


@pytest.mark.parametrize(
    ("option", "value", "reason"),
    [
        ("--name", "x" * 201, "at most 198 characters, not 201"),
        ("--name", "north\x1b[31m", r"printable text, not 'north\\x1b\[31m'"),
        ("--name", "\udcff", r"printable text, not '\\udcff'"),
        ("--shutdown-timeout", "nan", "from 0 to 1,000,000 seconds, not nan"),
        ("--shutdown-timeout", "inf", "not inf"),
        ("--shutdown-timeout", "-1", "not -1"),
    ],
)
def test_an_option_that_no_worker_could_use_is_refused(
    option: str, value: str, reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("pgjobs_worker", f"{option}={value}")


@pytest.mark.parametrize("path", ["/nowhere/alive", f"/tmp/{'a' * 300}"])
def test_a_liveness_file_that_can_not_be_written_is_refused(
    child_environment: Environment, path: str
) -> None:
    with SupervisedWorker(child_environment, "--liveness-file", path) as worker:
        assert worker.wait() == 1
        assert f"to, not '{path}'." in worker.output


@pytest.mark.parametrize("option", ["--concurrency", "--max-jobs"])
def test_a_number_below_one_is_refused(option: str) -> None:
    with pytest.raises(CommandError, match=option):
        call_command("pgjobs_worker", option, "0")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("concurrency", -5),
        ("concurrency", "2"),
        ("concurrency", True),
        ("max_jobs", -1),
        ("processes", 0),
        ("processes", None),
        ("shutdown_timeout", "5"),
        ("name", 5),
    ],
)
def test_a_value_that_goes_past_the_parser_is_refused_too(option: str, value: Any) -> None:
    with pytest.raises(CommandError, match=f"--{option.replace('_', '-')} must .* not {value!r}"):
        call_command("pgjobs_worker", burst=True, **{option: value})


def test_a_number_of_more_digits_than_python_reads_is_refused_in_words() -> None:
    with pytest.raises(CommandError, match="… is not a whole number of at least 1"):
        call_command("pgjobs_worker", f"--max-jobs={'9' * 4301}")


def test_the_help_names_every_option(child_environment: Environment) -> None:
    with SupervisedWorker(child_environment, "--help") as worker:
        assert worker.wait() == 0
        for option in (
            "--queue",
            "--concurrency",
            "--burst",
            "--max-jobs",
            "--name",
            "--shutdown-timeout",
        ):
            assert option in worker.output


def test_each_job_has_one_line_for_its_start_and_one_for_its_end(
    child_environment: Environment,
) -> None:
    completed, failed = Noop.enqueue(), Failing.enqueue()
    with SupervisedWorker(child_environment, "--burst") as worker:
        assert worker.wait() == 0
        lines = worker.output.splitlines()
    for job, end in ((completed, "completed in "), (failed, "failed in ")):
        start, ended = (line for line in lines if f" job={job.pk} " in line)
        assert start.endswith(f"pgjobs.worker job={job.pk} class={job.job_class} attempt=1 start")
        assert f"pgjobs.worker job={job.pk} class={job.job_class} {end}" in ended


@pytest.mark.usefixtures("empty_queue")
def test_a_worker_run_by_call_command_restores_the_signal_handlers() -> None:
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.getsignal(number) for number in numbers]
    run_burst_here()
    assert [signal.getsignal(number) for number in numbers] == before


@pytest.mark.usefixtures("empty_queue")
def test_a_worker_runs_by_call_command_in_a_thread_that_is_not_the_main_one() -> None:
    job = Noop.enqueue()
    with ThreadPoolExecutor(1) as thread:
        thread.submit(run_burst_here).result()
        thread.submit(connections.close_all).result()
    assert status_of(job) == "completed"


def test_a_worker_that_ends_is_marked_as_stopped(child_environment: Environment) -> None:
    run_burst(child_environment)
    assert WorkerProcess.objects.get().stopped is not None


def test_an_escape_sequence_in_an_exception_does_not_reach_the_terminal(
    child_environment: Environment,
) -> None:
    Raising.enqueue(message="\x1b[31m red\nand a second line")
    output = run_burst(child_environment)
    assert "\x1b" not in output
    assert "\\x1b[31m red\nand a second line" in output


@pytest.mark.parametrize("option", ["--concurrency", "--processes"])
def test_more_slots_or_processes_than_a_machine_has_room_for_are_refused(option: str) -> None:
    with pytest.raises(CommandError, match="at least 1 and at most"):
        call_command("pgjobs_worker", f"{option}={10**9}")
