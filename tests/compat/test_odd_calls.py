"""Odd rows, odd arguments and absent names of RQ: each is read or refused in words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pgjobs.compat import rq
from pgjobs.compat.rq import SimpleWorker, get_scheduler
from pgjobs.exceptions import InvalidArgument
from tests.apps.ported_rq import jobs
from tests.support.moments import ago
from tests.support.rows import a_job

pytestmark = pytest.mark.django_db

QUEUE = rq.Queue("default")


# Rows -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "errors", [{}, {"a": 1}, "x", 5, [None], ["x"], [5], [[]], [{}], [{"attempt": 1}]]
)
def test_errors_of_any_json_leave_the_error_as_text(errors: Any) -> None:
    row = a_job("errored", attempt=1, error="boom", errors=errors)

    assert rq.Job.fetch(row.pk).exc_info == "boom"


@pytest.mark.parametrize("value", [[1], {"a": 1}, "ab", 5, True])
def test_arguments_and_meta_of_another_kind_of_json_read_as_empty(value: Any) -> None:
    job = rq.Job.fetch(a_job("pending", args=value, kwargs=value, meta=value).pk)

    assert job.args == (tuple(value) if isinstance(value, list) else ())
    assert job.kwargs == job.meta == (value if isinstance(value, dict) else {})


def test_an_error_inside_a_property_is_told_as_it_is() -> None:
    class Own(rq.Job):
        @property
        def site(self) -> Any:
            return self.row.no_such_column

    with pytest.raises(AttributeError, match="no_such_column"):
        _ = Own(a_job("pending")).site


@pytest.mark.parametrize(
    ("attempt", "max_attempts", "left"), [(0, 1, None), (0, 4, 3), (1, 4, 3), (4, 4, 0)]
)
def test_a_job_knows_how_many_retries_are_left(
    attempt: int, max_attempts: int, left: int | None
) -> None:
    row = a_job("running", attempt=attempt, max_attempts=max_attempts)

    assert rq.Job.fetch(row.pk).retries_left == left


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(-2, -1, [2, 3]), (0, -2, [0, 1, 2]), (-9, -3, [0, 1]), (0, -9, []), (3, -4, []), (-2, 0, [])],
)
def test_places_of_a_registry_are_counted_from_the_end(
    start: int, end: int, expected: list[int]
) -> None:
    ids = [str(a_job("completed", completed=ago(minutes=9 - each)).pk) for each in range(4)]

    assert rq.FinishedJobRegistry().get_job_ids(start, end) == [ids[each] for each in expected]


# Arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", [None, 1.5, "10", [None], ["10"], -1])
def test_an_interval_that_is_no_whole_number_is_refused(interval: Any) -> None:
    with pytest.raises(InvalidArgument, match="interval of Retry must be a whole number"):
        rq.Retry(max=1, interval=interval)


@pytest.mark.parametrize("timeout", [0, -5, "0", "0m", 2**31])
def test_a_timeout_out_of_bounds_is_refused_where_it_is_declared(timeout: Any) -> None:
    with pytest.raises(InvalidArgument, match="timeout must be a whole number of seconds"):
        rq.job("default", timeout=timeout)
    with pytest.raises(InvalidArgument, match="timeout must be a whole number of seconds"):
        rq.Queue("default", default_timeout=timeout)


def test_arguments_of_another_kind_are_refused() -> None:
    with pytest.raises(InvalidArgument, match="args must be a tuple or a list, not 5"):
        QUEUE.enqueue(jobs.add, args=5)
    with pytest.raises(InvalidArgument, match="args must be a tuple or a list, not 'ab'"):
        QUEUE.enqueue_call(jobs.add, "ab")
    with pytest.raises(InvalidArgument, match=r"kwargs must be a dict, not \[1\]"):
        QUEUE.enqueue(jobs.add, kwargs=[1])


def test_a_moment_that_is_none_does_not_mean_at_once() -> None:
    with pytest.raises(InvalidArgument, match="aware datetime, not None"):
        QUEUE.enqueue_at(None, jobs.add, 1)  # type: ignore[arg-type]
    with pytest.raises(InvalidArgument, match="beyond the years"):
        QUEUE.enqueue_in(timedelta.max, jobs.add, 1)
    assert QUEUE.is_empty()


def test_a_misspelt_option_of_a_call_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"'timout' is not an option.*Did you mean"):
        QUEUE.enqueue_call(jobs.add, (1,), timout=5)
    with pytest.raises(InvalidArgument, match="at_frnt"):
        rq.Queue.prepare_data(jobs.add, (1,), at_frnt=True)


# Names ----------------------------------------------------------------------------------------


def test_a_class_of_rq_is_not_made_by_hand() -> None:
    job = jobs.add.delay(1)
    for given in ({"id": job.id}, {"row": job.id}, {"row": job.row, "connection": None}):
        with pytest.raises(InvalidArgument, match=r"Job\.fetch\(id\)"):
            rq.Job(**given)


@pytest.mark.parametrize(
    ("owner", "name", "advice"),
    [
        (rq.Job, "create", "queue.enqueue"),
        (rq.Worker, "find_by_key", r"Worker.all\(\)"),
        (rq.Queue, "from_queue_key", "docs/migrating.md"),
        (rq.FailedJobRegistry(), "schedule", "enqueue_at"),
        (rq.FailedJobRegistry(), "key", "query_set"),
        (get_scheduler, "cron", "system_job"),
    ],
)
def test_an_absent_name_says_what_to_write(owner: Any, name: str, advice: str) -> None:
    with pytest.raises(AttributeError, match=f"{name}.*{advice}"):
        getattr(owner, name)


def test_a_refused_class_is_no_base_and_has_no_instances() -> None:
    with pytest.raises(InvalidArgument, match="pgjobs_worker"):

        class Own(SimpleWorker): ...  # type: ignore[misc]

    assert not isinstance(QUEUE, SimpleWorker)
