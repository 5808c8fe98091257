"""The test kit with functions of ``@pgjobs.job`` and tasks of Django's framework as targets."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import ANY

import pytest
from django.utils.module_loading import import_string

import pgjobs
from pgjobs import JobFailed, current_job
from pgjobs.compat import rq
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.tasks import task
from pgjobs.tasks.framework import AnyContext, BaseTaskBackend, task_backends
from pgjobs.testing import assert_enqueued, enqueued, refute_enqueued, run_job, run_jobs
from tests.apps.testapp.jobs import Noop
from tests.support.moments import TOMORROW
from tests.support.rows import a_job, a_site

pytestmark = pytest.mark.django_db


@task
def receipt(order: int, copy_to: str = "", *, rows: Any = ()) -> str:
    return f"{order} {copy_to}"


@task(takes_context=True)
async def with_context(context: AnyContext, word: str) -> list[Any]:
    job = current_job()
    assert job is not None
    job.logger.info("heard %s", word)
    return [word, context.attempt, context.task_result.id == str(job.job.pk)]


@task
def any_arguments(*args: Any, **kwargs: Any) -> dict[str, Any]:
    return {"args": args, "kwargs": kwargs}


@task
def by_position(first: int, /, second: int = 2) -> list[int]:
    return [first, second]


@task
def called_like_options(name: str, status: str = "", object: str = "", timeout: int = 0) -> str:
    return f"{name} {status} {object} {timeout}"


@task
def breaks() -> None:
    raise JobFailed("There is no order.")


@pgjobs.job(max_attempts=2)
def report(to: str, full: bool = False, job: Job | None = None) -> list[Any]:
    running = current_job()
    assert running is not None
    running.logger.info("to %s", to)
    running.progress(1, 2)
    return [to, full, str(job.object) if job else None]


@pgjobs.job
def greet(name: str) -> str:
    return name


@rq.job("low")
def ported(order: int, copy_to: str = "") -> str:
    return f"{order} {copy_to}"


# What a checker sees in code without types.
RUN: Any = run_job


def failure_of(*target: Any, **expected: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_enqueued(*target, **expected)
    return str(caught.value)


# Assertions about tasks ---------------------------------------------------------------------


def test_a_task_is_found_however_its_call_gave_the_arguments() -> None:
    first = receipt.enqueue(7, "ops")
    second = receipt.enqueue(order=7, copy_to="ops")

    for found in (enqueued(receipt, 7, "ops"), enqueued(receipt, order=7, copy_to="ops")):
        assert [str(job.pk) for job in found] == [first.id, second.id]
    assert str(assert_enqueued(receipt, 7).pk) == first.id
    assert_enqueued(receipt, order=ANY)
    refute_enqueued(receipt, 8)
    refute_enqueued(receipt, 7, rows=ANY)
    refute_enqueued(breaks)


def test_any_value_may_stand_inside_an_argument_of_a_task() -> None:
    receipt.enqueue(7, rows=[{"id": 1, "at": "now"}])

    assert_enqueued(receipt, 7, rows=[{"id": 1, "at": ANY}])
    refute_enqueued(receipt, 7, rows=[{"id": 2, "at": ANY}])


def test_a_task_that_is_not_as_expected_is_shown_with_its_arguments_by_name() -> None:
    key = receipt.enqueue(7, rows=[1]).id

    lines = failure_of(receipt, 8, rows=[2], copy_to="dev").splitlines()

    path = f"{__name__}.receipt"
    assert lines[0] == (
        f"Expected a pending or scheduled job of {path} with order=8, copy_to='dev', rows=[2], "
        "and there is none."
    )
    assert lines[2:] == [
        f"  job {key}: {path}(order=7, rows=[1]), pending, default",
        "    order: expected 8, found 7",
        "    copy_to: expected 'dev', found not given",
        "    rows: expected [2], found [1]",
    ]


def test_what_using_changes_is_expected() -> None:
    plain = receipt.enqueue(1)
    changed = receipt.using(queue_name="low", priority=3, run_after=TOMORROW).enqueue(1)

    def found(target: Any, **expected: Any) -> list[str]:
        return [str(job.pk) for job in enqueued(target, **expected)]

    assert found(receipt) == [plain.id, changed.id]
    assert found(receipt.using(queue_name="low")) == [changed.id]
    assert found(receipt.using(priority=3)) == [changed.id]
    assert found(receipt.using(run_after=TOMORROW)) == [changed.id]
    assert found(receipt, queue_name="low", status="scheduled") == [changed.id]
    assert found(receipt.using(priority=4)) == []
    assert found(receipt.using(priority=4), priority=3) == [changed.id]


def test_arguments_are_compared_as_tasks_store_them() -> None:
    receipt.enqueue(1, rows=(1, b"text", {"$date": "no"}))

    assert_enqueued(receipt, rows=[1, "text", {"$date": "no"}])
    assert_enqueued(receipt, rows=(1, b"text", {"$date": "no"}))
    refute_enqueued(receipt, order=True)


def test_parameters_of_every_kind_are_compared() -> None:
    any_arguments.enqueue(1, 2, word="a")
    by_position.enqueue(1, 5)

    assert_enqueued(any_arguments, 1, 2)
    assert_enqueued(any_arguments, word="a")
    refute_enqueued(any_arguments, 1)
    assert_enqueued(by_position, 1)
    assert_enqueued(by_position, ANY, second=5)
    assert "*args: expected [3], found [1, 2]" in failure_of(any_arguments, 3)


def test_parameters_called_like_options_of_enqueue_are_arguments() -> None:
    called_like_options.enqueue("Ada", "new", timeout=5)

    assert_enqueued(called_like_options, "Ada", "new")
    assert_enqueued(called_like_options, name="Ada", timeout=5, arguments={"status": "new"})
    refute_enqueued(called_like_options, timeout=6)


def test_rows_that_sql_wrote_are_shown() -> None:
    path = f"{__name__}.receipt"
    a_job(job_class=path, args=[1, 2, 3, 4], kwargs={})
    a_job(job_class=path, args=[1], kwargs={"order": 2})
    a_job(job_class="nobody.knows", args=[1], kwargs={"word": "a"})

    told = failure_of(receipt, 9)

    assert "receipt(*args=[1, 2, 3, 4])" in told
    assert "receipt(*args=[1], order=2)" in told
    assert "nobody.knows(*args=[1], word='a')" in told


@pytest.mark.parametrize(
    ("args", "expected", "why"),
    [
        ((), {"ordr": 7}, f"ordr=7 is no parameter of {__name__}.receipt(). Did you mean order?"),
        ((1, "a", 3), {}, "can't be called so: too many positional arguments"),
        ((1,), {"order": 1}, "multiple values for argument 'order'"),
        ((), {"rows": date(2026, 1, 31)}, "Unsupported type"),
        ((), {"status": "new"}, "arguments={'status': …}"),
        ((), {"queue_name": "lo"}, "Did you mean low?"),
    ],
    ids=str,
)
def test_an_expectation_that_no_call_of_the_task_can_meet_is_refused(
    args: tuple[Any, ...], expected: dict[str, Any], why: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        refute_enqueued(receipt, *args, **expected)

    assert why in str(caught.value)


def test_a_task_whose_backend_makes_no_jobs_is_refused() -> None:
    dummy = import_string(BaseTaskBackend.__module__.replace("base", "dummy") + ".DummyBackend")
    task_backends["dummy"] = dummy("dummy", {})
    try:
        with pytest.raises(InvalidArgument, match=r"TASKS\['dummy'\], whose backend DummyBackend"):
            refute_enqueued(receipt.using(backend="dummy"))
    finally:
        del task_backends["dummy"]


# Assertions about functions -----------------------------------------------------------------


def test_a_function_is_found_by_arguments_as_its_calls_take_them() -> None:
    site = a_site()
    first = report.delay("ops", full=True)
    second = report.enqueue(site, to="ops")

    assert enqueued(report) == enqueued(report, "ops") == enqueued(report, to="ops")
    assert enqueued(report, "ops", True) == [first]
    assert enqueued(report, object=site) == [second]
    refute_enqueued(report, "dev")
    assert f"{__name__}.report(to='ops')" in failure_of(report, "dev")


def test_a_parameter_called_name_is_an_argument_as_in_enqueue() -> None:
    job = greet.enqueue(name="Ada")

    assert assert_enqueued(greet, name="Ada") == job
    refute_enqueued(greet, name="Bob")


def test_a_ported_function_is_found_too() -> None:
    ported.delay(7, copy_to="ops")

    assert_enqueued(ported, 7, copy_to="ops", queue_name="low")
    refute_enqueued(ported, order=8)


@pytest.mark.parametrize(
    ("target", "args", "expected", "why"),
    [
        (report, ("ops", True, 1), {}, "takes 2 arguments by position (to, full), not"),
        (report, ("ops",), {"to": "ops"}, "to is given twice: 'ops' by position"),
        (report, (), {"too": "ops"}, "Did you mean to?"),
        (report, (), {"job": 5}, "job=5 can't be an argument"),
        (report, (), {"max_attempts": 5}, "arguments={'max_attempts': …}"),
        (Noop, (7,), {}, "7 is given by position to Noop: give the object of the job as object=…"),
    ],
)
def test_an_expectation_that_no_call_of_the_code_can_meet_is_refused(
    target: Any, args: tuple[Any, ...], expected: dict[str, Any], why: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        refute_enqueued(target, *args, **expected)

    assert why in str(caught.value)


# Running ------------------------------------------------------------------------------------


def test_a_run_of_a_task_has_its_result_and_its_log() -> None:
    run = run_job(with_context, "hello")

    assert (run.status, run.result) == ("completed", ["hello", 1, True])
    assert run.log == ["heard hello"]
    assert run_job(receipt, 7, copy_to="ops").result == "7 ops"
    assert run_job(receipt, order=7, copy_to="ops").job.kwargs == {"order": 7, "copy_to": "ops"}


def test_a_run_of_a_task_takes_parameters_of_every_kind() -> None:
    assert run_job(by_position, 1, second=5).result == [1, 5]
    assert run_job(any_arguments, 1, word="a").result == {"args": [1], "kwargs": {"word": "a"}}
    assert run_job(called_like_options, name="Ada", timeout=5).result == "Ada   5"
    assert RUN(called_like_options, "Ada", arguments={"object": "site"}).result == "Ada  site 0"


def test_a_run_of_a_task_has_the_options_of_using() -> None:
    job = run_job(receipt.using(queue_name="low", priority=3), 7).job

    assert (job.queue_name, job.priority) == ("low", 3)


def test_the_exception_of_a_task_is_raised_in_the_test() -> None:
    with pytest.raises(JobFailed, match="no order"):
        run_job(breaks)

    assert run_job(breaks, raising=False).error == "There is no order."


def test_a_run_of_a_function_has_its_result_its_log_and_its_progress() -> None:
    run = run_job(report, "ops", full=True)

    assert (run.status, run.result) == ("completed", ["ops", True, "None"])
    assert run.log == ["to ops"]
    run.job.refresh_from_db()
    assert run.job.progress == {"done": 1, "total": 2, "message": ""}


def test_a_run_of_a_function_takes_the_object_and_the_options() -> None:
    run = run_job(report, object=a_site("Lund"), to="ops", priority=7)

    assert (run.result, run.job.priority, run.job.max_attempts) == (["ops", False, "Lund"], 7, 2)
    assert run_job(greet, name="Ada").result == "Ada"
    assert RUN(report, "ops", arguments={"full": True}, priority=7).result[1] is True


def test_a_run_of_a_ported_function_has_its_result() -> None:
    assert RUN(ported, 7, copy_to="ops").result == "7 ops"


@pytest.mark.parametrize(
    ("target", "args", "options", "why"),
    [
        (receipt, (), {}, "missing a required argument: 'order'"),
        (receipt, (7,), {"ordr": 7}, "ordr"),
        (receipt, (datetime(2026, 1, 31, tzinfo=UTC),), {}, "Unsupported type"),
        (receipt, (7,), {"object": "site"}, "arguments={'object': …}"),
        (receipt.using(run_after=TOMORROW), (7,), {}, "schedule_at and immediate can't"),
        (report, (), {}, "report() needs to"),
        (report, ("ops",), {"to": "dev"}, "to is given twice"),
        (report, ("ops",), {"timeout": 0}, "timeout must be"),
        (Noop, (7,), {}, "7 is given by position to Noop"),
    ],
)
def test_a_wrong_run_is_refused_and_leaves_no_row(
    target: Any, args: tuple[Any, ...], options: dict[str, Any], why: str
) -> None:
    with pytest.raises((InvalidArgument, TypeError)) as caught:
        RUN(target, *args, **options)

    assert why in str(caught.value)
    assert not Job.objects.exists()


def test_waiting_tasks_and_functions_run() -> None:
    receipt.enqueue(7)
    report.delay("ops")

    ran = run_jobs(ahead=timedelta(0))

    assert [job.result for job in ran] == ["7 ", ["ops", False, "None"]]
