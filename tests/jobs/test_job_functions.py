"""``@pgjobs.job``: functions with the calls and the options of a job class."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.utils.functional import lazy
from django.utils.translation import gettext_lazy, override

import pgjobs
from pgjobs import JobFailed, retry
from pgjobs.checks.project import check_job_queues, check_memory_limits
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.pages.job.enqueueing import EnqueueForm
from pgjobs.registry import names
from pgjobs.registry.names import registered, resolve
from pgjobs.registry.targets import options_of
from pgjobs.steering import enqueueing
from pgjobs.steering.actor import Actor
from tests.apps.testapp.models import Site
from tests.support.rows import a_site, tell_sql
from tests.support.worker_process import run_burst_here

pytestmark = pytest.mark.django_db


@pgjobs.job
def add(left: int, right: int = 1, *, factor: int = 1) -> int:
    """Have parameters of several kinds, and no options."""
    return (left + right) * factor


@pgjobs.job(
    name="Describe",
    description="Says what it got",
    queue="high",
    priority=7,
    timeout=60,
    max_attempts=3,
    backoff=retry.constant(timedelta(0)),
    fail_on=LookupError,
    sensitive=["pin"],
    launchable=True,
)
def describe(job: Job, pin: str, error: str = "") -> dict[str, Any]:
    if error:
        raise {"lookup": LookupError, "value": ValueError}[error](error)
    return {"job": job.pk, "about": str(job.object), "attempt": job.attempt}


@pgjobs.job(name=gettext_lazy("Monday"))
async def double(number: int, job: Job | None = None) -> list[int | None]:
    return [number * 2, job.pk if job else None]


@pgjobs.job
def greet(name: str, priority: int = 0) -> str:
    """Have parameters that are called like options."""
    return f"{name} {priority}"


@pgjobs.job(atomic=True)
def fail_after_a_write() -> None:
    a_site("written")
    raise JobFailed("after the write")


def logged(func: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(func)
    def outer(*args: Any, **kwargs: Any) -> Any:
        return func(*args, **kwargs)

    return outer


@pgjobs.job
@logged
def decorated(number: int) -> int:
    return number


def with_job(func: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(func)
    def outer(job: Job, **kwargs: Any) -> Any:
        return job.pk, func(**kwargs)

    return outer


@pgjobs.job
@logged
def decorated_with_job(number: int, job: Job) -> list[int]:
    return [job.pk, number]


@pgjobs.job
@with_job
def given_no_job(number: int) -> int:
    return number


def supplying_job(func: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(func)
    def outer(number: int) -> Any:
        return func(number, job=None)

    return outer


@pgjobs.job
@supplying_job
def supplied_by_its_decorator(number: int, job: Job | None) -> list[Any]:
    return [job, number]


@pgjobs.register
def registered_without_job(number: int) -> int:
    return number


# As a checker sees them in code without types.
ANY_ADD: Any = add
ANY_DESCRIBE: Any = describe


def result(job: Job) -> Any:
    job.run_here()
    job.refresh_from_db()
    return job.error or job.result


# The function and its calls ------------------------------------------------------------


def test_a_plain_call_runs_the_function_and_makes_no_job() -> None:
    assert add(2, 3, factor=2) == 10
    assert not Job.objects.exists()


def test_delay_takes_arguments_as_the_function_does() -> None:
    job = add.delay(2, 3, factor=2)

    assert (job.kwargs, job.args) == ({"left": 2, "right": 3, "factor": 2}, [])
    assert result(job) == 10


def test_enqueue_takes_the_object_the_options_and_the_arguments() -> None:
    site = a_site()
    job = add.enqueue(site, left=2, priority=5, queue_name="low")

    assert (job.object, job.priority, job.queue_name) == (site, 5, "low")
    assert result(job) == 3


def test_enqueue_once_holds_the_place_of_the_object() -> None:
    site = a_site()

    assert add.enqueue_once(site, left=1) == add.enqueue_once(site, left=1)
    assert Job.objects.count() == 1


def test_the_calls_for_coroutines_do_the_same() -> None:
    first = async_to_sync(add.aenqueue)(left=1)
    second = async_to_sync(add.aenqueue_once)(left=2)

    assert [first.kwargs, second.kwargs] == [{"left": 1}, {"left": 2}]


def test_arguments_of_delay_may_be_called_like_options() -> None:
    assert result(greet.delay("Ada", priority=7)) == "Ada 7"


def test_a_parameter_called_name_is_an_argument_because_the_job_has_a_name() -> None:
    job = greet.enqueue(name="Ada", arguments={"priority": 3})

    assert job.name == "greet"
    assert result(job) == "Ada 3"
    assert result(greet.enqueue_once(name="")) == " 0"


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="name is given twice: 'Bob' in arguments, and 'Ada'"):
        greet.enqueue(name="Ada", arguments={"name": "Bob"})


def test_an_argument_that_an_option_would_take_is_asked_for_in_arguments() -> None:
    with pytest.raises(InvalidArgument, match=r"needs name: give arguments=\{'name': …\}\."):
        Job.enqueue(greet)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: ANY_ADD.delay(1, 2, 3),
            r"add\(\) takes 2 arguments by position \(left, right\), not",
        ),
        (lambda: ANY_ADD.delay(1, left=2), "left is given twice: 1 by position, and 2 by name"),
        (lambda: ANY_ADD.delay(), r"add\(\) needs left: give left=…"),
        (lambda: ANY_ADD.delay(1, wright=2), r"wright=2 is neither .* Did you mean right\?"),
        (lambda: ANY_ADD.enqueue("2", left=1), "'2'"),
        (lambda: ANY_DESCRIBE.delay(pin="1", job=5), "job=5 can't be an argument"),
        (lambda: Job.enqueue(add, name="Sum", left=1), "name 'Sum' was given to add; all its jobs"),
    ],
)
def test_a_wrong_call_is_refused_and_inserts_nothing(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        call()
    assert not Job.objects.exists()


# The job -------------------------------------------------------------------------------


def test_a_function_with_a_parameter_job_gets_the_row() -> None:
    job = describe.enqueue(a_site("Lund"), pin="1")

    assert result(job) == {"job": job.pk, "about": "Lund", "attempt": 1}


def test_a_decorator_may_take_the_row_or_hand_it_on() -> None:
    handed_on, taken = decorated_with_job.delay(number=1), given_no_job.delay(number=2)

    assert result(handed_on) == [handed_on.pk, 1]
    assert result(taken) == [taken.pk, 2]
    assert result(supplied_by_its_decorator.delay(number=3)) == [None, 3]


def test_a_coroutine_function_runs_and_gets_the_row() -> None:
    job = double.delay(4)

    assert result(job) == [8, job.pk]


def test_a_function_without_a_parameter_job_is_called_without_it() -> None:
    assert result(add.delay(1)) == 2
    assert result(decorated.delay(number=4)) == 4
    assert result(Job.enqueue(registered_without_job, name="Plain", number=5)) == 5


# Options -------------------------------------------------------------------------------


def test_a_job_has_the_options_of_its_function() -> None:
    job = describe.enqueue(pin="1")

    assert (job.name, job.queue_name, job.priority) == ("Describe", "high", 7)
    assert (job.timeout, job.max_attempts) == (60, 3)


def test_a_function_without_a_name_gives_its_own() -> None:
    assert add.delay(1).name == Job.enqueue(add, left=1).name == "add"


def test_a_lazy_name_is_translated_when_a_job_is_enqueued() -> None:
    with override("de"):
        assert double.delay(1).name == "Montag"
    assert double.delay(1).name == "Monday"


def test_a_lazy_name_is_not_translated_at_the_decorator(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_functions(monkeypatch)

    def too_early() -> str:
        raise AssertionError("The apps are not ready.")

    assert pgjobs.job(name=lazy(too_early, str)())(asks) is asks


@pytest.mark.django_db(transaction=True)
def test_a_worker_tries_a_function_again_by_its_options() -> None:
    again, failed = describe.delay("1", "value"), describe.delay("1", "lookup")

    run_burst_here()

    again.refresh_from_db()
    failed.refresh_from_db()
    assert (again.status, again.attempt, len(again.errors)) == ("errored", 3, 3)
    assert (failed.status, failed.attempt, failed.error) == ("failed", 1, "lookup")


@pytest.mark.django_db(transaction=True)
def test_an_atomic_function_takes_its_writes_back() -> None:
    job = fail_after_a_write.delay()

    run_burst_here()

    job.refresh_from_db()
    assert job.error == "after the write"
    assert not Site.objects.exists()


def test_sql_enqueues_a_function_by_its_name_and_options() -> None:
    tell_sql()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pgjobs_enqueue(%s, %s)", [names.path_of(describe), '{"pin": "1"}'])
        (key,) = cursor.fetchone()

    job = Job.objects.get(pk=key)
    assert (job.name, job.queue_name, job.timeout) == ("Describe", "high", 60)
    assert result(job)["job"] == job.pk


def test_a_form_does_not_ask_for_the_name_of_a_function_that_has_one(admin_user: Any) -> None:
    assert "name" not in EnqueueForm(describe, user=admin_user).fields
    assert "name" in EnqueueForm(registered_without_job, user=admin_user).fields


def test_a_job_of_a_function_runs_again() -> None:
    old = describe.enqueue(pin="1")
    assert old.cancel()

    assert enqueueing.rerun(old, by=Actor.python("ann")).name == "Describe"


# Where the function is made ------------------------------------------------------------


def test_the_function_stays_what_it_is_and_is_registered() -> None:
    assert resolve(f"{__name__}.add") is add
    assert add.__name__ == "add"
    assert options_of(add).name == "add"


@pytest.mark.parametrize("target", [functools.partial(add), lambda: None, int, 7, None])
def test_a_value_that_is_no_function_at_module_level_is_refused(target: Any) -> None:
    with pytest.raises(TypeError, match="at module level"):
        pgjobs.job(target)


def test_a_function_inside_another_is_refused() -> None:
    def hidden() -> None: ...

    with pytest.raises(TypeError, match="not a def at module level"):
        pgjobs.job(hidden)


def yields() -> Any:
    yield 1


async def asks() -> None: ...


def by_position(number: int, /) -> None: ...


@pytest.mark.parametrize(
    ("func", "options", "message"),
    [
        (yields, {}, "yields has a yield"),
        (len, {}, "len takes obj by position alone"),
        (globals, {}, "globals can't have the attribute delay: put @job above a def"),
        (by_position, {}, "by_position takes number by position alone.*remove the slash"),
        (asks, {"atomic": True}, "asks is atomic, so it can't be a coroutine"),
        (asks, {"queu": "high"}, r"asks has 'queu', which is not .* Did you mean queue\?"),
        (asks, {"editable_schedule": 1}, "asks: editable_schedule must be True or False"),
        (asks, {"cron": "* * * * *"}, r"asks has 'cron', .*@pgjobs.system_job\(cron='\* \*"),
        (asks, {"interval": 5}, r"asks has 'interval', .*@pgjobs.system_job\(interval=5\) above"),
        (asks, {"timeout": 0}, "asks: timeout must"),
        (asks, {"priority": 40_000}, "asks: priority must"),
        (asks, {"backoff": 5}, "asks: backoff must be a function"),
        (asks, {"name": 5}, "asks: name must be a text"),
        (asks, {"isolation": "thread", "memory_limit": 5}, "asks: memory_limit limits the"),
    ],
)
def test_a_function_or_an_option_that_cannot_be_is_refused_at_the_decorator(
    func: Any, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(TypeError, match=message):
        pgjobs.job(**options)(func)
    assert func not in registered().values()


def test_check_reports_the_queue_of_a_function_that_does_not_exist(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget_functions(monkeypatch)
    pgjobs.job(queue="nowhere")(asks)

    (error,) = check_job_queues()

    assert error.msg == f"@job(queue=…) of {__name__}.asks is 'nowhere', which is not a queue."


def test_check_warns_of_a_memory_limit_of_a_function_in_a_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forget_functions(monkeypatch)
    pgjobs.job(memory_limit=100)(asks)

    (warning,) = check_memory_limits()

    assert warning.msg.startswith(f"@job(memory_limit=…) of {__name__}.asks has no effect")


def forget_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "_targets", {})
    monkeypatch.setattr(names, "_options", {})
