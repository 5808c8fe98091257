"""What Django's framework promises of each backend, asked of this one."""

from __future__ import annotations

import pickle
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import django
import pytest
from asgiref.sync import async_to_sync
from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.test import override_settings
from django.utils import timezone
from django_tasks import task as task_of_backport

from pgjobs.backends import PgJobsBackend
from pgjobs.models import Job
from pgjobs.tasks import task
from pgjobs.tasks.framework import (
    InvalidTask,
    Task,
    TaskResultDoesNotExist,
    TaskResultStatus,
    task_backends,
    task_enqueued,
    task_finished,
    task_started,
)
from tests.apps.tasked import tasks

pytestmark = pytest.mark.django_db

LOG = "django.tasks" if django.VERSION >= (6, 0) else "django_tasks"
BACKEND = "pgjobs.backends.PgJobsBackend"


def run(result: Any) -> Any:
    """Run the job of ``result`` in this thread, and return the refreshed result."""
    Job.objects.get(pk=result.id).run_here()
    result.refresh()
    return result


@contextmanager
def receiving(signal: Any, receive: Any) -> Iterator[None]:
    signal.connect(receive)
    try:
        yield
    finally:
        signal.disconnect(receive)


# Choosing -----------------------------------------------------------------------------------


def test_using_leaves_the_task_as_it_was() -> None:
    changed = tasks.add.using(priority=5).using(queue_name="low")
    assert (changed.priority, changed.queue_name) == (5, "low")
    assert (tasks.add.priority, tasks.add.queue_name) == (0, "default")
    assert type(changed) is type(tasks.add)


def test_options_of_pgjobs_survive_using() -> None:
    flaky: Any = tasks.flaky
    changed = flaky.using(priority=5)
    assert (changed.max_attempts, changed.backoff) == (3, flaky.backoff)


def test_a_backend_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="nobody"):
        tasks.add.using(backend="nobody")


@pytest.mark.parametrize("priority", [-101, 101, 3.1])
def test_a_priority_outside_of_djangos_range_is_refused(priority: Any) -> None:
    with pytest.raises(InvalidTask, match="priority"):
        tasks.add.using(priority=priority)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(InvalidTask, match="aware"):
        tasks.add.using(run_after=datetime(2030, 1, 1))


def test_a_moment_belongs_to_a_call_and_not_to_the_declaration() -> None:
    with pytest.raises(TypeError, match="run_after"):
        task(run_after=timezone.now())(plain)


def plain() -> None: ...


@pytest.mark.parametrize("value", [lambda: None, len, Job], ids=["lambda", "builtin", "class"])
def test_what_is_no_function_at_module_level_is_refused(value: Any) -> None:
    with pytest.raises(InvalidTask, match="module level"):
        task(value)


@pytest.mark.parametrize("name", ["yields", "yields_slowly"], ids=["sync", "async"])
def test_a_function_with_a_yield_is_refused(name: str) -> None:
    with pytest.raises(InvalidTask, match="yield"):
        task(globals()[name])


def yields() -> Iterator[int]:
    yield 1


async def yields_slowly() -> AsyncIterator[int]:
    yield 1


# Enqueueing ---------------------------------------------------------------------------------


def narrow() -> Any:
    """Return settings, set after the declaration, that no longer have the task's queue."""
    return override_settings(TASKS={"default": {"BACKEND": BACKEND, "QUEUES": ["low"]}})


def test_a_task_is_validated_again_when_it_is_enqueued() -> None:
    with narrow(), pytest.raises(InvalidTask, match="not valid"):
        tasks.add.enqueue(1)
    assert not Job.objects.exists()


def test_a_task_is_validated_again_when_a_coroutine_enqueues_it() -> None:
    with narrow(), pytest.raises(InvalidTask, match="not valid"):
        async_to_sync(tasks.add.aenqueue)(1)
    assert not Job.objects.exists()


def test_a_coroutine_that_enqueues_without_awaiting_is_refused_by_django() -> None:
    async def enqueue() -> None:
        tasks.add.enqueue(1)

    with pytest.raises(SynchronousOnlyOperation):
        async_to_sync(enqueue)()


def test_the_decorator_of_the_backport_makes_a_task_of_the_framework_in_use() -> None:
    declared = task_of_backport(priority=3)(plain)
    assert isinstance(declared, Task)
    assert Job.objects.get(pk=declared.enqueue().id).priority == 3


def test_a_moment_in_the_past_is_due_at_once() -> None:
    result = tasks.add.using(run_after=timezone.now() - timedelta(days=1)).enqueue(1)
    assert run(result).return_value == 2


def test_the_backend_itself_enqueues() -> None:
    result = task_backends["default"].enqueue(tasks.add, [1], {"second": 5})
    assert run(result).return_value == 6


def test_a_task_enqueues_its_successor() -> None:
    count = run(counts_down.enqueue(2))
    following = Job.objects.exclude(pk=count.id).get()
    assert following.args == [1]


def test_an_argument_changed_after_the_call_changes_nothing() -> None:
    given: list[Any] = [1]
    result = tasks.echo.enqueue(given)
    given.append(2)
    assert result.args == [[1]]
    assert run(result).return_value["args"] == [[1]]


def test_receivers_of_both_kinds_hear_once_of_a_coroutines_enqueueing() -> None:
    heard: list[str] = []

    def receive(task_result: Any, **_: Any) -> None:
        heard.append(task_result.id)

    async def areceive(task_result: Any, **_: Any) -> None:
        heard.append(task_result.id)

    async def enqueue() -> Any:
        return await tasks.add.aenqueue(1)

    with receiving(task_enqueued, receive), receiving(task_enqueued, areceive):
        result = async_to_sync(enqueue)()
    assert heard == [result.id, result.id]


def test_no_receiver_hears_of_a_call_that_enqueues_nothing() -> None:
    heard: list[str] = []

    def receive(task_result: Any, **_: Any) -> None:
        heard.append(task_result.id)

    with receiving(task_enqueued, receive):
        first = tasks.only_once.enqueue()
        assert tasks.only_once.enqueue().id == first.id
        assert async_to_sync(tasks.only_once.aenqueue)().id == first.id
    assert heard == [first.id]


# Running ------------------------------------------------------------------------------------


def test_a_task_that_returns_nothing_is_successful() -> None:
    result = run(tasks.leaves_trace.enqueue("done"))
    assert result.status == TaskResultStatus.SUCCESSFUL
    assert result.return_value is None


@pytest.mark.parametrize(
    ("name", "error"), [("exits", SystemExit), ("interrupts", KeyboardInterrupt)]
)
def test_an_exit_of_a_task_is_its_failure(name: str, error: type[BaseException]) -> None:
    result = globals()[name].enqueue()
    with pytest.raises(error):  # a thread of a worker goes on
        run(result)
    result.refresh()
    assert result.status == TaskResultStatus.FAILED
    assert result.errors[0].exception_class is error


def test_an_exception_with_odd_arguments_is_kept() -> None:
    result = run(breaks_with_an_exception_inside.enqueue())
    (error,) = result.errors
    assert error.exception_class is ValueError
    assert "It broke inside." in error.traceback


def test_an_exception_of_a_class_that_is_gone_is_named_and_not_imported() -> None:
    (error,) = run(breaks_by_a_class_of_its_own.enqueue()).errors
    assert error.exception_class_path.endswith("<locals>.Own")
    with pytest.raises(ImportError):
        _ = error.exception_class


def test_the_log_of_the_framework_tells_each_step(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    with caplog.at_level("DEBUG", LOG), django_capture_on_commit_callbacks(execute=True):
        result = run(tasks.add.enqueue(1))
    told = [record for record in caplog.records if record.name == LOG]
    assert [record.levelname for record in told] == ["DEBUG", "INFO", "INFO"]
    assert all(f"id={result.id} " in record.getMessage() for record in told)


def test_coroutines_call_tasks_in_place() -> None:
    assert async_to_sync(tasks.add.acall)(1, 2) == 3
    assert async_to_sync(tasks.add_slowly.acall)(1, 2) == 3


@pytest.mark.parametrize("name", ["binds", "binds_slowly"], ids=["sync", "async"])
def test_receivers_of_the_end_see_the_context_variables_of_the_task(
    name: str, django_capture_on_commit_callbacks: Any
) -> None:
    seen: list[str] = []

    def receive(**_: Any) -> None:
        seen.append(request_id.get(""))

    with receiving(task_finished, receive), django_capture_on_commit_callbacks(execute=True):
        copy_context().run(run, globals()[name].enqueue("r-1"))
    assert request_id.get("") == ""  # here the end was told
    assert seen == ["r-1"]


def test_a_job_can_be_pickled_before_its_end_is_told(
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks():
        job = Job.objects.get(pk=tasks.add.enqueue(1).id)
        job.run_here()
        assert pickle.loads(pickle.dumps(job)) == job


# Looking a result up ------------------------------------------------------------------------


def test_the_result_of_another_task_is_refused() -> None:
    result = tasks.echo.enqueue()
    with pytest.raises(Exception, match="does not match"):
        tasks.add.get_result(result.id)
    with pytest.raises(Exception, match="does not match"):
        async_to_sync(tasks.add.aget_result)(result.id)


def test_the_backend_itself_finds_a_result_of_any_task() -> None:
    result = task_backends["default"].get_result(tasks.echo.enqueue(1).id)
    assert (result.task, result.args) == (tasks.echo, [1])


def test_coroutines_refresh_a_result() -> None:
    result = tasks.add.enqueue(1)
    Job.objects.get(pk=result.id).run_here()
    async_to_sync(result.arefresh)()
    assert (result.status, result.return_value) == (TaskResultStatus.SUCCESSFUL, 2)


def test_a_result_whose_row_is_gone_can_not_be_refreshed() -> None:
    result = tasks.add.enqueue(1)
    Job.objects.all().delete()
    with pytest.raises(TaskResultDoesNotExist):
        result.refresh()
    with pytest.raises(TaskResultDoesNotExist):
        async_to_sync(result.arefresh)()


def test_a_copy_of_a_result_is_equal_to_it() -> None:
    result = run(tasks.flaky.enqueue(1))
    assert deepcopy(result) == result


# Settings -----------------------------------------------------------------------------------


class OwnBackend(PgJobsBackend):
    """A backend of a project that adds an argument to each call."""

    def enqueue(self, task: Any, args: Any, kwargs: Any) -> Any:
        return super().enqueue(task, args, {"second": 10, **kwargs})


def test_a_project_may_have_a_backend_of_its_own() -> None:
    senders: set[type] = set()

    def receive(sender: type, **_: Any) -> None:
        senders.add(sender)

    own = {"default": {"BACKEND": f"{__name__}.OwnBackend"}}
    with override_settings(TASKS=own), receiving(task_started, receive):
        assert run(tasks.add.enqueue(1)).return_value == 11
    assert senders == {OwnBackend}


# Tasks of this module -----------------------------------------------------------------------

request_id: ContextVar[str] = ContextVar("request_id")


@task
def binds(value: str) -> None:
    request_id.set(value)


@task
async def binds_slowly(value: str) -> None:
    request_id.set(value)


@task
def counts_down(number: int) -> None:
    if number:
        counts_down.enqueue(number - 1)


@task
def exits() -> None:
    raise SystemExit


@task
def interrupts() -> None:
    raise KeyboardInterrupt


@task
def breaks_with_an_exception_inside() -> None:
    raise ValueError(ValueError("It broke inside."), object())


@task
def breaks_by_a_class_of_its_own() -> None:
    class Own(Exception): ...

    raise Own
