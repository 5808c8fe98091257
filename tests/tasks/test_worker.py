"""Tasks of Django's framework in real workers."""

from __future__ import annotations

from typing import Any

import pytest

from pgjobs.models import Job, Schedule
from pgjobs.tasks.framework import TaskResultStatus
from tests.apps.tasked import tasks
from tests.apps.testapp.models import Trace
from tests.support.environment import Environment, with_apps
from tests.support.eventually import eventually
from tests.support.sql import query
from tests.support.worker_process import RunningWorker, run_burst


@pytest.fixture
def environment(child_environment: Environment) -> Environment:
    return with_apps(child_environment, "tasked")


def traces() -> list[str]:
    return [*Trace.objects.order_by("pk").values_list("label", flat=True)]


def after_burst(environment: Environment, result: Any) -> Any:
    run_burst(environment)
    result.refresh()
    return result


def test_a_worker_runs_a_task(environment: Environment) -> None:
    result = after_burst(environment, tasks.add.enqueue(2, second=3))
    assert result.return_value == 5
    job = Job.objects.get(pk=result.id)
    assert result.worker_ids == [str(job.worker_id)]
    assert traces() == [f"started {job.pk}", f"finished {job.pk} SUCCESSFUL"]


def test_coroutines_run_as_tasks(environment: Environment) -> None:
    results = [tasks.add_slowly.enqueue(number, 1) for number in range(20)]
    context = tasks.which_attempt.enqueue()
    run_burst(environment)
    assert [tasks.add_slowly.get_result(result.id).return_value for result in results] == [
        number + 1 for number in range(20)
    ]
    assert tasks.which_attempt.get_result(context.id).return_value == 1


def test_a_task_is_tried_again_and_knows_its_workers(environment: Environment) -> None:
    result = after_burst(environment, tasks.flaky.enqueue(3))
    assert result.return_value == 3
    assert len(result.worker_ids) == 3
    assert {error.exception_class for error in result.errors} == {ConnectionError}


@pytest.mark.parametrize(
    ("name", "handled"),
    [("breaks", " ValueError"), ("breaks_slowly", " ValueError"), ("breaks_isolated", "")],
    ids=["thread", "loop", "process"],
)
def test_the_end_is_told_once_it_is_stored_while_its_exception_is_handled(
    environment: Environment, name: str, handled: str
) -> None:
    result = after_burst(environment, getattr(tasks, name).enqueue())
    assert result.errors[0].exception_class is ValueError
    assert traces() == [f"started {result.id}", f"finished {result.id} FAILED{handled}"]


def test_a_task_that_takes_too_long_has_failed(environment: Environment) -> None:
    result = after_burst(environment, tasks.sleeps.enqueue())
    assert result.errors[-1].exception_class_path == "pgjobs.exceptions.JobTimeout"


def test_a_task_runs_in_a_process_of_its_own(environment: Environment) -> None:
    result = after_burst(environment, tasks.isolated.enqueue(21))
    assert result.return_value == 42


def test_a_running_task_can_be_cancelled(environment: Environment) -> None:
    result = tasks.sleeps.enqueue()
    Job.objects.filter(pk=result.id).update(timeout=60)
    with RunningWorker(environment):
        eventually(lambda: Job.objects.filter(pk=result.id, status="running").exists())
        assert Job.objects.get(pk=result.id).cancel()
        eventually(lambda: tasks.sleeps.get_result(result.id).is_finished)
        eventually(lambda: f"finished {result.id}" in " ".join(traces()))
    result.refresh()
    assert result.status == TaskResultStatus.FAILED
    assert result.errors[-1].exception_class_path == "pgjobs.exceptions.JobCancelled"


def test_a_task_of_a_killed_worker_runs_again(environment: Environment) -> None:
    result = tasks.sleeps.enqueue()
    Job.objects.filter(pk=result.id).update(timeout=60)
    with RunningWorker(environment) as worker:
        eventually(lambda: Job.objects.filter(pk=result.id, status="running").exists())
        worker.kill()
    with RunningWorker(environment):
        eventually(lambda: Job.objects.filter(pk=result.id, epoch=2, status="running").exists())
    result.refresh()
    assert result.attempts == 1


def test_the_priority_orders_tasks(environment: Environment) -> None:
    for priority in (-100, 0, 100, 50):
        tasks.leaves_trace.using(priority=priority).enqueue(str(priority))
    run_burst(environment, "-c", "1")
    ran = [label for label in traces() if label.lstrip("-").isdecimal()]
    assert ran == ["100", "50", "0", "-100"]


def test_sql_enqueues_a_task(environment: Environment) -> None:
    run_burst(environment)  # writes the registry
    (row,) = query("SELECT pgjobs_enqueue('tests.apps.tasked.tasks.add', '{\"first\": 4}') AS id")
    assert after_burst(environment, tasks.add.get_result(str(row["id"]))).return_value == 5


def test_a_task_of_the_clock_needs_no_call(environment: Environment) -> None:
    with RunningWorker({**environment, "SCHEDULED_TASKS": "1"}):
        eventually(lambda: "by the clock" in traces())
    schedule = Schedule.objects.get(job_class="tests.apps.tasked.scheduled.every_minute")
    assert (schedule.interval, Job.objects.get().queue_name) == (1, "high")


def test_a_task_that_no_worker_knows_fails_with_what_to_do(child_environment: Environment) -> None:
    result = after_burst(child_environment, tasks.add.enqueue(1))
    assert result.status == TaskResultStatus.FAILED
    assert "tasks.py" in result.errors[-1].traceback


def test_a_coroutine_that_is_tried_again_reads_its_errors_off_the_loop(
    environment: Environment,
) -> None:
    result = after_burst(environment, tasks.flaky_slowly.enqueue())
    assert (result.return_value, result.attempts) == (2, 2)
