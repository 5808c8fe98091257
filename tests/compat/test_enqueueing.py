"""Enqueueing by RQ's calls: arguments, options, transactions, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import transaction
from django.utils import timezone

from pgjobs import models
from pgjobs.compat import rq
from pgjobs.compat.rq import options
from pgjobs.exceptions import InvalidArgument, UnknownQueue
from pgjobs.registry import names
from tests.apps.ported_rq import jobs
from tests.apps.testapp.jobs import Noop

pytestmark = pytest.mark.django_db

QUEUE = rq.Queue("low", default_timeout="2m")


@rq.job(QUEUE, at_front=True)
def from_the_front(*args: Any, **kwargs: Any) -> Any:
    return [args, kwargs]


@rq.job
def returns_retry() -> rq.Retry:
    return rq.Retry(max=1)


@rq.job("low", retry=rq.Retry(max=2, interval=5))
def decorated_twice() -> None: ...


def unregistered() -> None: ...


def columns(job: rq.Job) -> tuple[Any, ...]:
    row = models.Job.objects.get(pk=job.id)
    return row.args, row.kwargs, row.timeout, row.priority, row.queue_name


def test_each_way_to_call_gives_the_function_its_arguments() -> None:
    args: Any = {"args": (1,), "kwargs": {"timeout": 2}}
    calls = [
        QUEUE.enqueue(from_the_front, 1, timeout=2, job_timeout="1h"),
        QUEUE.enqueue(from_the_front, **args, job_timeout=3600),
        QUEUE.enqueue_call(from_the_front, (1,), {"timeout": 2}, 3600),
        QUEUE.enqueue(
            "tests.compat.test_enqueueing.from_the_front", 1, timeout=2, job_timeout=3600
        ),
        QUEUE.enqueue_at(timezone.now(), from_the_front, 1, timeout=2, job_timeout=3600),
        QUEUE.enqueue_in(timedelta(), from_the_front, 1, timeout=2, job_timeout=3600),
        *QUEUE.enqueue_many([QUEUE.prepare_data(from_the_front, **args, timeout=3600)]),
    ]
    assert {str(columns(job)) for job in calls} == {str(([1], {"timeout": 2}, 3600, 0, "low"))}


def test_a_delayed_function_has_the_options_of_its_decorator() -> None:
    job = from_the_front.delay(1)
    assert columns(job) == ([1], {}, 120, options.FRONT, "low")
    assert columns(from_the_front.enqueue(at_front=False))[3] == 0
    models.Job.objects.get(pk=job.id).run_here()
    assert job.result == [[1], {}]
    assert from_the_front(1) == [(1,), {}]


def test_options_reach_the_row() -> None:
    job = rq.enqueue(jobs.add, 1, description="One", meta={"a": 1}, at_front=True, result_ttl=500)
    assert (job.description, job.meta) == ("One", {"a": 1})
    assert job.row.priority == options.FRONT
    assert rq.enqueue(jobs.import_rows, []).row.timeout == 600


def test_many_are_enqueued_or_none() -> None:
    calls = [QUEUE.prepare_data(jobs.add, (1,)), QUEUE.prepare_data(jobs.add, ())]
    with pytest.raises(InvalidArgument, match="first"):
        QUEUE.enqueue_many(calls)
    assert not models.Job.objects.exists()


def test_a_job_is_part_of_the_transaction() -> None:
    with transaction.atomic():
        job = jobs.add.delay(1)
        assert rq.Job.exists(job.id)
        transaction.set_rollback(True)
    assert not rq.Job.exists(job.id)


@pytest.mark.django_db(transaction=True)
def test_a_job_can_be_enqueued_on_commit() -> None:
    ids: list[str] = []
    with transaction.atomic():
        transaction.on_commit(lambda: ids.append(jobs.add.delay(1).id))
        assert not ids
    assert rq.Job.exists(ids[0])


def test_the_jobs_of_a_queue_come_in_the_order_of_their_start_and_are_cancelled_together() -> None:
    second, first = jobs.add.delay(1), rq.enqueue(jobs.add, 2, at_front=True)
    later = rq.get_queue().enqueue_in(timedelta(hours=1), jobs.add, 3)
    queue = rq.get_queue()
    assert queue.jobs == [first, second]
    assert queue.get_job_ids(offset=1, length=1) == [second.id]
    assert (len(queue), bool(rq.get_queue("high")), queue.is_empty()) == (2, True, False)
    assert queue.empty() == 2
    assert (queue.count, first.is_canceled, later.is_scheduled) == (0, True, True)


def test_a_queue_that_is_not_async_runs_the_job_here() -> None:
    queue = rq.get_queue(is_async=False)
    assert queue.enqueue(jobs.add, 1, second=2).result == 3
    assert queue.enqueue_in(timedelta(hours=1), jobs.add, 1).is_scheduled


def test_a_returned_retry_is_an_error_that_says_what_to_write() -> None:
    job = rq.get_queue(is_async=False).enqueue(returns_retry)
    assert job.is_failed
    assert "raise pgjobs.exceptions.Retry(after=seconds)" in str(job.exc_info)


def test_an_unknown_queue_is_told_where_it_is_made() -> None:
    with pytest.raises(KeyError, match="The queues are: high"):
        rq.get_queue("reports")
    assert {queue.name for queue in rq.Queue.all()} >= {"high", "default", "low"}
    assert rq.get_queues("low", "high") == [rq.Queue("low"), rq.Queue("high")]
    assert rq.get_queues() == [rq.get_queue()]


def test_an_unknown_queue_of_a_decorator_is_told_by_the_call_and_by_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(names, "_targets", names.registered())
    decorated = rq.job("reports")(unregistered)
    with pytest.raises(UnknownQueue, match="reports"):
        decorated.delay()
    with pytest.raises(SystemCheckError, match="reports"):
        call_command("check")


REFUSALS: dict[str, tuple[Any, str]] = {
    "too few arguments": (lambda: rq.enqueue(jobs.add), "missing a required argument"),
    "an unknown argument": (lambda: rq.enqueue(jobs.add, 1, third=3), "third"),
    "arguments twice": (lambda: rq.enqueue(jobs.add, 1, args=(1,)), "hold all arguments"),
    "a naive moment": (
        lambda: rq.get_queue().enqueue_at(datetime(2030, 1, 1), jobs.add, 1),
        "has no time zone",
    ),
    "a number of seconds": (
        lambda: rq.get_queue().enqueue_in(60, jobs.add, 1),  # type: ignore[arg-type]
        "must be a timedelta",
    ),
    "no timeout": (lambda: rq.enqueue(jobs.add, 1, job_timeout=-1), "'1d'"),
    "an unreadable timeout": (lambda: rq.enqueue(jobs.add, 1, job_timeout="soon"), "'10m'"),
    "a timeout of no seconds": (lambda: rq.enqueue(jobs.add, 1, job_timeout=0), "timeout"),
    "a result for ever": (lambda: rq.enqueue(jobs.add, 1, result_ttl=-1), "JOB_RETENTION"),
    "a failure for a year": (lambda: rq.enqueue(jobs.add, 1, failure_ttl="365d"), "90 days"),
    "a long description": (lambda: rq.enqueue(jobs.add, 1, description="x" * 201), "at most 200"),
    "a foreign retry": (lambda: rq.enqueue(jobs.add, 1, retry=object()), r"Retry\(max=3\)"),
    "a retry without a number": (lambda: rq.Retry(max=0), "from 1"),
    "a wait before now": (lambda: rq.Retry(max=1, interval=[-1]), "from 0"),
    "a retry at the front": (lambda: rq.Retry(max=1, enqueue_at_front=True), "at_front=True"),
    "no dict as meta": (lambda: rq.enqueue(jobs.add, 1, meta=[]), "must be a dict"),
    "a job class": (lambda: rq.enqueue(Noop), r"Write Noop\.enqueue"),
    "commit mode": (lambda: rq.get_queue(commit_mode="auto"), "in the caller's transaction"),
    "autocommit": (lambda: rq.get_queue(autocommit=True), "in the caller's transaction"),
    "a class of jobs": (lambda: rq.get_queue(job_class=rq.Job), "one class of jobs"),
    "a wrong option of the decorator": (lambda: rq.job("low", timeot=3), "Did you mean timeout"),
    "a decorator's condition": (lambda: rq.job("low", depends_on=[1]), "that comes first"),
    "a delayed condition": (
        lambda: jobs.add.delay(1, depends_on=[1]),  # type: ignore[call-arg]
        "that comes first",
    ),
}


@pytest.mark.parametrize(("call", "words"), REFUSALS.values(), ids=[*REFUSALS])
def test_a_call_that_cannot_work_is_refused_with_what_to_do(call: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        call()
    assert not models.Job.objects.exists()


def test_a_result_can_be_kept_for_ever_if_rows_are(settings: Any) -> None:
    settings.PGJOBS = {"JOB_RETENTION": 0}
    assert rq.enqueue(jobs.add, 1, result_ttl=-1, failure_ttl="365d").is_queued


def yields() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize("function", [lambda: 1, jobs.Device.sync, print, jobs.Device, yields])
def test_what_a_worker_cannot_find_is_refused_where_it_is_decorated(function: Any) -> None:
    with pytest.raises(TypeError, match=r"at module level|remove the yield"):
        rq.job("low")(function)


def test_a_function_is_registered_once_and_keeps_its_waits() -> None:
    known = names.registered_as(names.path_of(decorated_twice))
    assert rq.job("high")(decorated_twice).delay().origin == "high"
    assert names.registered_as(names.path_of(decorated_twice)) is known
    with pytest.raises(InvalidArgument, match="belong to the function"):
        rq.job("high", retry=rq.Retry(max=2, interval=[7]))(decorated_twice)
    rq.job("high", retry=rq.Retry(max=2, interval=[5]))(decorated_twice)


def test_the_waits_follow_each_other_and_the_last_one_stays() -> None:
    retry = rq.Retry(max=5, interval=[10, 60])
    assert [retry.wait(attempt).total_seconds() for attempt in (1, 2, 3)] == [10, 60, 60]
    assert rq.Retry(max=5).wait(3) == timedelta()
    assert rq.Retry(max=1, interval=iter([5])).wait(2) == timedelta(seconds=5)


def test_a_wrapper_of_the_function_is_refused() -> None:
    from functools import wraps

    @wraps(jobs.add)
    def wrapper(*args: Any) -> Any: ...

    with pytest.raises(InvalidArgument, match="registered for another function"):
        rq.enqueue(wrapper, 1)
