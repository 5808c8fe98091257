"""Plain procrastinate tasks, which the same worker runs."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app

from pgjobs import events
from tests.apps.testapp.jobs import Held, Tracing
from tests.support import traces
from tests.support.environment import Environment, with_apps
from tests.support.eventually import eventually
from tests.support.sql import task_status
from tests.support.worker_process import RunningWorker, run_burst

TRACE = "tests.apps.taskapp.tasks.trace"
HELD = "tests.apps.taskapp.tasks.held"


@pytest.fixture
def environment(child_environment: Environment) -> Environment:
    return with_apps(child_environment, "taskapp")


def defer(task: str, *, queue: str = "default", **arguments: Any) -> int:
    # By name: this process does not load the app of the tasks.
    return app.configure_task(task, queue=queue, allow_unknown=True).defer(**arguments)


def until_succeeded(task: int) -> None:
    eventually(lambda: task_status(task) == "succeeded", timeout=30)


def test_a_task_runs_once_the_transaction_that_deferred_it_has_committed(
    environment: Environment,
) -> None:
    with RunningWorker(environment).until_started():
        with transaction.atomic():
            task = defer(TRACE, label="task")
            Tracing.enqueue(label="job")
        eventually(lambda: set(traces.labels()) == {"task", "job"}, timeout=30)
        until_succeeded(task)


@pytest.mark.usefixtures("empty_queue")
def test_a_task_is_rolled_back_with_the_transaction_that_deferred_it() -> None:
    with transaction.atomic():
        defer(TRACE, label="task")
        transaction.set_rollback(True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE task_name = %s", [TRACE])
        assert cursor.fetchone() == (0,)


def test_a_worker_runs_tasks_of_its_own_queues_only(environment: Environment) -> None:
    ours, theirs = defer(TRACE, label="ours", queue="low"), defer(TRACE, label="theirs")
    run_burst(environment, "low")
    assert traces.labels() == ["ours"]
    assert (task_status(ours), task_status(theirs)) == ("succeeded", "todo")


def test_a_burst_runs_its_tasks_and_the_tasks_that_are_deferred_meanwhile(
    environment: Environment,
) -> None:
    first = defer(TRACE, label="first")
    Tracing.enqueue(label="job")
    second = defer(HELD)
    with RunningWorker(environment, "--burst") as worker:
        traces.until("started")
        last = defer(TRACE, label="last")
        traces.release()
        assert worker.wait() == 0
    assert {task_status(task) for task in (first, second, last)} == {"succeeded"}
    assert {"first", "job", "ended", "last"} <= set(traces.labels())


def test_a_running_task_ends_before_the_worker_does(environment: Environment) -> None:
    task = defer(HELD)
    with RunningWorker(environment) as worker:
        traces.until("started")
        worker.terminate()
        worker.until_told(events.WorkerStopping)
        assert task_status(task) == "doing"
        traces.release()
        assert worker.wait() == 0
    assert traces.count("ended") == 1
    assert task_status(task) == "succeeded"


def test_a_draining_worker_takes_no_new_task(environment: Environment) -> None:
    Held.enqueue()
    with RunningWorker(environment, "-c", "2") as worker:
        traces.until("started")
        first = defer(TRACE, label="first")
        until_succeeded(first)
        worker.terminate()
        worker.until_told(events.WorkerStopping)
        late = defer(TRACE, label="late")
        traces.release()
        assert worker.wait() == 0
    assert task_status(late) == "todo"


def test_the_shutdown_timeout_limits_the_wait_for_tasks(environment: Environment) -> None:
    defer(HELD)
    with RunningWorker(environment, "--shutdown-timeout", "0.5") as worker:
        traces.until("started")
        worker.terminate()
        worker.wait(15)
    assert traces.count("ended") == 0


def test_a_second_signal_does_not_wait_for_tasks(environment: Environment) -> None:
    defer(HELD)
    with RunningWorker(environment) as worker:
        traces.until("started")
        worker.terminate()
        worker.until_told(events.WorkerStopping)
        worker.terminate()
        worker.wait(15)
    assert traces.count("ended") == 0


def test_a_task_runs_although_the_task_before_it_left_a_transaction_open(
    environment: Environment,
) -> None:
    careless = defer("tests.apps.taskapp.tasks.leave_a_transaction_open")
    with RunningWorker(environment, "-c", "1"):
        until_succeeded(careless)
        for turn in range(5):
            task = defer(TRACE, label=str(turn))
            until_succeeded(task)
    assert traces.labels() == ["0", "1", "2", "3", "4"]


def test_a_task_that_raises_is_failed_by_procrastinate_and_the_worker_goes_on(
    environment: Environment,
) -> None:
    failing = defer(TRACE, wrong="argument")
    run_burst(environment)
    assert task_status(failing) == "failed"
