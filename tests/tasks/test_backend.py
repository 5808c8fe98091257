"""The contract of a backend of Django's task framework, without a worker."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from pgjobs import BackgroundJob
from pgjobs.backends import PgJobsBackend
from pgjobs.exceptions import InvalidArgument, UnknownQueue
from pgjobs.models import Job
from pgjobs.tasks import task
from pgjobs.tasks.framework import (
    InvalidTask,
    TaskResultDoesNotExist,
    TaskResultStatus,
    task_backends,
    task_enqueued,
    task_finished,
    task_started,
)
from tests.apps.tasked import tasks
from tests.support.functions import new_function
from tests.support.rows import a_failure, a_job

pytestmark = pytest.mark.django_db


def run(result: Any) -> Any:
    """Run the job of ``result`` in this thread, and return the refreshed result."""
    Job.objects.get(pk=result.id).run_here()
    result.refresh()
    return result


class Heard:
    """The signals of tasks, in their order."""

    def __init__(self) -> None:
        self.signals: list[tuple[str, str]] = []
        self.senders: set[type] = set()

    def of(self, name: str) -> Any:
        def receive(sender: type, task_result: Any, **_: Any) -> None:
            self.senders.add(sender)
            self.signals.append((name, task_result.status))

        return receive


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard = Heard()
    signals = {"enqueued": task_enqueued, "started": task_started, "finished": task_finished}
    receivers = {name: heard.of(name) for name in signals}
    for name, signal in signals.items():
        signal.connect(receivers[name])
    yield heard
    for name, signal in signals.items():
        signal.disconnect(receivers[name])


# Enqueueing ---------------------------------------------------------------------------------


def test_a_task_is_a_row_that_other_jobs_resemble() -> None:
    result = tasks.add.enqueue(2, second=3)
    job = Job.objects.get(pk=result.id)
    assert job.job_class == "tests.apps.tasked.tasks.add"
    assert job.name == "add"
    assert (job.args, job.kwargs) == ([2], {"second": 3})
    assert (job.queue_name, job.priority, job.status) == ("default", 0, "pending")


def test_the_result_of_enqueue_is_ready() -> None:
    result = tasks.add.enqueue(2)
    assert result.status == TaskResultStatus.READY
    assert (result.args, result.kwargs) == ([2], {})
    assert result.task == tasks.add
    assert result.enqueued_at is not None
    assert result.started_at is result.finished_at is result.last_attempted_at is None
    assert (result.errors, result.worker_ids, result.attempts) == ([], [], 0)
    assert result.backend == "default"
    assert not result.is_finished
    with pytest.raises(ValueError, match="not finished"):
        _ = result.return_value


def test_the_row_belongs_to_the_transaction_of_the_caller() -> None:
    with transaction.atomic():
        tasks.add.enqueue(1)
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_using_sets_priority_queue_and_moment() -> None:
    moment = timezone.now() + timedelta(hours=1)
    result = tasks.add.using(priority=-5, queue_name="low", run_after=moment).enqueue(1)
    job = Job.objects.get(pk=result.id)
    assert (job.priority, job.queue_name, job.scheduled) == (-5, "low", moment)
    assert (job.status, result.status) == ("scheduled", TaskResultStatus.READY)
    assert (result.task.priority, result.task.queue_name) == (-5, "low")
    assert result.task.run_after == moment


def test_the_options_of_the_declaration_are_those_of_the_row() -> None:
    job = Job.objects.get(pk=tasks.urgent.enqueue().id)
    assert (job.queue_name, job.priority) == ("high", 7)
    assert Job.objects.get(pk=tasks.flaky.enqueue(1).id).max_attempts == 3
    assert Job.objects.get(pk=tasks.sleeps.enqueue().id).timeout == 1


def test_the_options_of_the_backend_hold_for_tasks_that_set_none() -> None:
    result = tasks.patient.enqueue()
    job = Job.objects.get(pk=result.id)
    assert (job.max_attempts, job.timeout) == (3, 60)
    assert result.backend == "patient"


def test_a_task_of_another_backend_keeps_the_backend_that_enqueued_it() -> None:
    result = tasks.add.using(backend="patient", queue_name="low").enqueue(1)
    assert tasks.add.get_result(result.id).backend == "patient"


@pytest.mark.parametrize(
    ("args", "kwargs", "words"),
    [
        ((), {}, "first"),
        ((1, 2, 3), {}, "too many"),
        ((1,), {"secnd": 2}, "secnd"),
        ((1,), {"first": 2}, "first"),
    ],
    ids=["missing", "surplus", "misspelt", "twice"],
)
def test_a_call_that_the_function_does_not_take_is_refused(
    args: tuple[Any, ...], kwargs: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidArgument, match=words):
        tasks.add.enqueue(*args, **kwargs)
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, datetime(2026, 1, 1, tzinfo=UTC)], ids=["object", "set", "moment"]
)
def test_an_argument_that_is_no_json_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="Unsupported type"):
        tasks.echo.enqueue(value)
    assert not Job.objects.exists()


@pytest.mark.parametrize("value", [float("nan"), "\x00", b"\xff"], ids=["nan", "nul", "no text"])
def test_an_argument_that_postgresql_does_not_store_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        tasks.echo.enqueue(value)
    assert not Job.objects.exists()


def test_arguments_are_normalised_like_djangos() -> None:
    result = tasks.echo.enqueue((1, 2), b"text", nested={"a": ({"$datetime": "no"},)})
    assert result.args == [[1, 2], "text"]
    assert result.kwargs == {"nested": {"a": [{"$datetime": "no"}]}}
    assert tasks.echo.get_result(result.id).kwargs == result.kwargs
    assert run(result).return_value == {"args": result.args, "kwargs": result.kwargs}


def test_parameters_may_be_called_like_options_of_enqueue() -> None:
    result = tasks.called_like_options.enqueue(job="a", name="b", user="c", instance="d")
    assert run(result).return_value == ["a", "b", "c", "d"]


def test_once_returns_the_live_job() -> None:
    first = tasks.only_once.enqueue("a")
    assert tasks.only_once.enqueue("b").id == first.id
    run(first)
    assert tasks.only_once.enqueue("c").id != first.id


def test_the_live_job_of_once_is_read_by_the_look_for_its_place(
    django_assert_num_queries: Any,
) -> None:
    first = tasks.only_once.enqueue("a")
    with django_assert_num_queries(4):  # a savepoint, the INSERT that gives way, the look, its end
        assert tasks.only_once.enqueue("b") == first


def test_odd_entries_among_the_errors_of_a_row_do_not_keep_a_task_from_running() -> None:
    result = tasks.flaky.enqueue(1)
    Job.objects.filter(pk=result.id).update(attempt=1, errors=[7, None])
    assert run(result).return_value == 1


def test_coroutines_enqueue_too() -> None:
    async def enqueue() -> tuple[Any, Any]:
        result = await tasks.add_slowly.aenqueue(1, second=2)
        return result, await tasks.add_slowly.aget_result(result.id)

    result, again = async_to_sync(enqueue)()
    assert result.id == again.id
    assert run(result).return_value == 3


# Running ------------------------------------------------------------------------------------


def test_a_task_that_returns_is_successful() -> None:
    result = run(tasks.add.enqueue(2, second=3))
    assert result.status == TaskResultStatus.SUCCESSFUL
    assert result.return_value == 5
    assert result.enqueued_at <= result.started_at <= result.finished_at
    assert result.last_attempted_at == result.started_at
    assert (result.errors, result.attempts) == ([], 1)


def test_the_context_knows_its_result() -> None:
    value = run(tasks.who_runs.enqueue("hello")).return_value
    assert value["greeting"] == "hello"
    assert (value["attempt"], value["status"], value["started"]) == (1, "RUNNING", True)
    assert len(value["worker_ids"]) == 1


def test_the_context_counts_attempts() -> None:
    assert run(tasks.which_attempt.enqueue()).return_value == 1


@pytest.mark.parametrize("broken", [tasks.breaks, tasks.breaks_slowly], ids=["sync", "async"])
def test_a_task_that_raises_has_failed(broken: Any) -> None:
    result = run(broken.enqueue())
    assert result.status == TaskResultStatus.FAILED
    (error,) = result.errors
    assert error.exception_class is ValueError
    assert "It broke." in error.traceback
    assert result.attempts == 1
    with pytest.raises(ValueError, match="Task failed"):
        _ = result.return_value


def test_each_failed_attempt_is_an_error() -> None:
    result = tasks.flaky.enqueue(3)
    run(result)
    assert result.status == TaskResultStatus.READY
    assert [error.exception_class for error in result.errors] == [ConnectionError]
    assert (result.attempts, result.finished_at) == (1, None)
    assert result.task.run_after is None
    run(result)
    assert run(result).return_value == 3
    assert [error.exception_class for error in result.errors] == [ConnectionError] * 2
    assert result.attempts == 3
    assert result.started_at != result.last_attempted_at


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (tasks.returns_no_json, "Unsupported type"),
        (tasks.returns_nan, "nan"),
        (tasks.returns_too_much, "bytes as JSON"),
    ],
    ids=["no json", "nan", "too much"],
)
def test_a_return_value_that_can_not_be_kept_is_a_failure(broken: Any, words: str) -> None:
    result = run(broken.enqueue())
    assert result.status == TaskResultStatus.FAILED
    assert words in result.errors[0].traceback


def test_a_return_value_is_normalised() -> None:
    assert run(tasks.returns_bytes.enqueue()).return_value == ["bytes"]


def test_job_failed_ends_a_task_as_failed() -> None:
    result = run(tasks.fails.enqueue())
    assert result.errors[0].exception_class_path == "pgjobs.exceptions.JobFailed"
    assert Job.objects.get(pk=result.id).status == "failed"


def test_an_atomic_task_runs_in_a_transaction() -> None:
    assert run(tasks.atomic.enqueue()).return_value is True


def test_a_cancelled_task_has_failed_and_says_why() -> None:
    result = tasks.add.enqueue(1)
    Job.objects.get(pk=result.id).cancel()
    result.refresh()
    assert (result.status, result.attempts) == (TaskResultStatus.FAILED, 0)
    assert result.errors[0].exception_class_path == "pgjobs.exceptions.JobCancelled"


def test_a_retried_task_goes_on_with_its_errors() -> None:
    result = run(tasks.breaks.enqueue())
    Job.objects.get(pk=result.id).retry()
    result.refresh()
    assert (result.status, result.finished_at) == (TaskResultStatus.READY, None)
    run(result)
    assert len(result.errors) == result.attempts == 2


def test_calling_a_task_runs_it_in_place() -> None:
    assert tasks.add.call(1, 2) == 3
    assert tasks.add_slowly.call(1, 2) == 3
    assert not Job.objects.exists()


# Looking a result up ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "key",
    ["", "x", "-1", "0", "1e3", " 1", "٣", str(2**63), "9" * 5000, None, 7],
    ids="empty letter negative zero float space arabic large long none int".split(),
)
def test_an_id_without_a_task_does_not_exist(key: Any) -> None:
    with pytest.raises(TaskResultDoesNotExist):
        tasks.add.get_result(key)


def test_the_job_of_another_kind_is_no_result() -> None:
    class NoTask(BackgroundJob):
        def run(self) -> None: ...

    with pytest.raises(TaskResultDoesNotExist):
        tasks.add.get_result(str(NoTask.enqueue().pk))


def test_a_row_that_sql_wrote_can_be_read() -> None:
    job = a_job(
        "errored",
        job_class="tests.apps.tasked.tasks.add",
        args={"no": "list"},
        kwargs={"moment": {"$datetime": "2026-01-01T00:00:00+00:00"}},
        queue_name="nobody.knows",
        priority=30_000,
        meta=["no dict"],
        errors=[a_failure(), 7, {"worker": {"a": 1}, "started": "yesterday"}],
    )
    result = tasks.add.get_result(str(job.pk))
    assert result.status == TaskResultStatus.FAILED
    assert (result.args, result.attempts) == ([], 2)


def test_a_result_travels_to_another_process() -> None:
    result = tasks.flaky.using(priority=3, queue_name="low").enqueue(1)
    again = pickle.loads(pickle.dumps(result))
    assert again == result
    assert again.task.max_attempts == 3


# Refused declarations -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"queue_name": "nobody"}, "nobody"),
        ({"priority": 101}, "priority"),
        ({"takes_context": True}, "context"),
        ({"timeout": "soon"}, "timeout"),
        ({"max_attempts": 0}, "max_attempts"),
        ({"backoff": 3}, "backoff"),
        ({"cron": "every day"}, "cron"),
        ({"interval": 0}, "interval"),
        ({"interval": 5, "cron": "* * * * *"}, "not both"),
        ({"isolation": "moon"}, "isolation"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else None,
)
def test_a_wrong_option_is_refused_at_the_declaration(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidTask, match=words):
        task(**options)(new_function())


def test_an_unknown_option_is_refused_with_its_neighbour() -> None:
    with pytest.raises(TypeError, match="Did you mean timeout"):
        task(timout=3)(new_function())


def test_a_schedule_needs_a_task_that_runs_without_arguments(no_system_jobs: None) -> None:
    with pytest.raises(InvalidTask, match="needed"):
        task(interval=5)(needs_argument)


def needs_argument(needed: int) -> None: ...


def test_a_function_inside_another_is_refused() -> None:
    def inner() -> None: ...

    with pytest.raises(InvalidTask, match="module level"):
        task(inner)


# Signals ------------------------------------------------------------------------------------


def test_the_signals_come_in_order_from_the_backend(
    heard: Heard, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run(tasks.add.enqueue(1))
    assert heard.signals == [
        ("enqueued", "READY"),
        ("started", "RUNNING"),
        ("finished", "SUCCESSFUL"),
    ]
    assert heard.senders == {PgJobsBackend}


def test_a_failed_task_is_logged_with_its_exception(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        run(tasks.breaks.enqueue())
    (record,) = [each for each in caplog.records if each.exc_info and "FAILED" in each.getMessage()]
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


def test_a_receiver_that_raises_changes_nothing() -> None:
    def broken(**_: Any) -> None:
        raise RuntimeError("receiver")

    signals = (task_enqueued, task_started, task_finished)
    for signal in signals:
        signal.connect(broken)
    try:
        assert run(tasks.add.enqueue(1)).status == TaskResultStatus.SUCCESSFUL
    finally:
        for signal in signals:
            signal.disconnect(broken)


def test_without_queues_any_queue_of_pgjobs_is_taken() -> None:
    backend = PgJobsBackend("default", {"QUEUES": []})
    backend.validate_task(tasks.add.using(queue_name="low"))
    with pytest.raises(UnknownQueue), override_settings(TASKS=_any_queue()):
        task(queue_name="nobody")(new_function()).enqueue()


def _any_queue() -> dict[str, Any]:
    return {"default": {"BACKEND": "pgjobs.backends.PgJobsBackend", "QUEUES": []}}


def test_the_flags_tell_what_the_backend_can() -> None:
    backend = task_backends["default"]
    flags = "supports_defer supports_async_task supports_get_result supports_priority".split()
    assert all(getattr(backend, flag) for flag in flags)
