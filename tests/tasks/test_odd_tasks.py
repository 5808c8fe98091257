"""Odd rows, odd options and odd declarations of tasks."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.utils import timezone

from pgjobs import BackgroundJob, retry
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.tasks import task
from pgjobs.tasks.framework import InvalidTask, TaskResultStatus, task_finished
from tests.apps.tasked import tasks
from tests.support.functions import new_function
from tests.support.rows import a_failure

pytestmark = pytest.mark.django_db


class NamesATask(BackgroundJob):
    """No task, but has one."""

    task = tasks.add

    def run(self) -> int:
        return 1


class HasATask(BackgroundJob):
    """Has an attribute that is called ``task`` and is none."""

    task = "sweep"

    def run(self) -> int:
        return 1


def run(result: Any) -> Any:
    Job.objects.get(pk=result.id).run_here()
    result.refresh()
    return result


# Rows ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "alias", [5, ["patient"], {}, None, "", "gone", "__dict__", "_connections"], ids=repr
)
def test_a_backend_that_is_gone_keeps_no_task_from_running(alias: Any) -> None:
    result = tasks.add.using(backend="patient", queue_name="low").enqueue(1)
    Job.objects.filter(pk=result.id).update(meta={"task_backend": alias})

    assert tasks.add.get_result(result.id).backend == "default"
    assert run(result).return_value == 2


@pytest.mark.parametrize("job_class", [NamesATask, HasATask])
def test_the_end_of_a_job_class_with_a_task_is_not_the_end_of_that_task(
    job_class: type[BackgroundJob],
    django_capture_on_commit_callbacks: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard = []
    receiver = lambda task_result, **_: heard.append(task_result)  # noqa: E731
    task_finished.connect(receiver)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            job_class.enqueue().run_here()
    finally:
        task_finished.disconnect(receiver)
    assert (heard, caplog.records) == ([], [])


@pytest.mark.parametrize("counting", [tasks.counts_attempts, tasks.counts_attempts_slowly])
def test_the_context_counts_the_attempts_before_a_retry_too(counting: Any) -> None:
    result = run(run(counting.enqueue(3)))
    assert (result.status, result.attempts) == (TaskResultStatus.FAILED, 2)

    Job.objects.get(pk=result.id).retry()

    assert run(result).return_value == [3, 3, 2]


@pytest.mark.parametrize("status", ["pending", "scheduled", "running", "again"])
def test_the_live_job_of_once_stays_whatever_moment_a_call_names(status: str) -> None:
    soon = timezone.now() + timedelta(hours=1)
    held = tasks.only_once.using(run_after=soon if status == "scheduled" else None).enqueue("a")
    job = Job.objects.filter(pk=held.id)
    if status == "running":
        job.update(status="running", started=timezone.now(), attempt=1)
    if status == "again":
        job.update(status="scheduled", scheduled=soon, attempt=1, errors=[a_failure()])

    for moment in (None, soon, soon + timedelta(hours=1)):
        assert tasks.only_once.using(run_after=moment).enqueue("b").id == held.id

    assert [each.successor for each in Job.objects.all()] == [None]
    assert tasks.only_once.get_result(held.id).args == ["a"]


# Arguments ----------------------------------------------------------------------------------


def test_arguments_that_hold_themselves_are_refused_as_other_wrong_ones() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    for enqueue in (tasks.echo.enqueue, async_to_sync(tasks.echo.aenqueue)):
        with pytest.raises(InvalidArgument, match="hold themselves"):
            enqueue(cycle)
        with pytest.raises(InvalidArgument, match="hold themselves"):
            enqueue(it=cycle)
    assert not Job.objects.exists()


# Declarations -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"priority": 5.0}, "priority must be a whole number"),
        ({"priority": True}, "priority must be a whole number"),
        ({"priority": "5"}, "priority must be a whole number"),
        ({"once": "no"}, "once must be True or False"),
    ],
)
def test_an_option_of_a_wrong_type_is_refused_at_the_declaration(
    options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidTask, match=words):
        task(**options)(new_function())


@pytest.mark.parametrize("moment", [timedelta(minutes=5), 60, "2026-01-01T00:00:00Z"])
def test_a_moment_that_is_none_is_refused_by_using(moment: Any) -> None:
    with pytest.raises(InvalidTask, match="run_after must be an aware datetime"):
        tasks.add.using(run_after=moment)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"fail_on": ValueError}, {"fail_on": KeyError}),
        ({}, {"max_attempts": 3}),
        ({"isolation": "process"}, {}),
        ({"backoff": retry.constant(timedelta(1))}, {"backoff": retry.constant(timedelta(2))}),
    ],
)
def test_a_function_is_one_task_with_one_set_of_options(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    function = new_function()
    known = task(**first)(function)
    with pytest.raises(InvalidTask, match="is a task with"):
        task(**second)(function)
    assert task(priority=5, **first)(function).using(queue_name="low").func is known.func
