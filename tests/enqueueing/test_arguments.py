"""The arguments of ``run()`` are checked at the call: none is missing, surplus or misspelt."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

import pgjobs
from pgjobs import BackgroundJob
from pgjobs.enqueueing.arguments import OPTIONS
from pgjobs.enqueueing.row import row_for
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.system import system_jobs
from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop
from tests.support.registry import forget_system_jobs

pytestmark = pytest.mark.django_db


class Report(BackgroundJob):
    """Has a required and an optional parameter."""

    def run(self, month: str, full: bool = False) -> str:
        return f"{month} {full}"


class Clashing(BackgroundJob):
    """Has parameters that are called like options."""

    def run(self, queue_name: str, priority: int, arguments: int = 0) -> list[Any]:
        return [queue_name, priority, arguments]


def _with_session(run: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(run)
    def outer(self: Any, **kwargs: Any) -> Any:
        return run(self, session="open", **kwargs)

    return outer


class Decorated(BackgroundJob):
    """Gets an argument from its decorator."""

    @_with_session
    def run(self, session: str, eta: Any = None) -> str:
        return session


class Static(BackgroundJob):
    """Has a ``run()`` without self."""

    @staticmethod
    def run(month: str) -> str:
        return month


class Ready(BackgroundJob):
    """Has a ``run()`` that is no plain function, and is handed the job all the same."""

    def write(self, month: str, full: bool) -> str:
        return f"{month} {full} by {self.job.pk}"

    run = functools.partialmethod(write, full=True)


@pgjobs.register
def archive(job: Any, folder: str, depth: int = 1) -> str:
    return folder * depth


WAYS = {
    "enqueue": lambda target, **given: Job.enqueue(target, **given),
    "enqueue_once": lambda target, **given: Job.enqueue_once(target, **given),
    "enqueue_many": lambda target, **given: Job.enqueue_many(target, [{}], **given),
    "an item": lambda target, **given: Job.enqueue_many(target, [given]),
    "arguments": lambda target, **given: Job.enqueue(target, arguments=given),
}


@pytest.fixture(params=list(WAYS.values()), ids=list(WAYS))
def enqueue(request: pytest.FixtureRequest) -> Callable[..., Any]:
    way: Callable[..., Any] = request.param
    return way


def test_a_missing_argument_is_refused_by_name(enqueue: Callable[..., Any]) -> None:
    with pytest.raises(InvalidArgument, match=r"Report\.run\(\) needs month: give month=…\."):
        enqueue(Report, full=True)
    assert not Job.objects.exists()


def test_a_surplus_argument_is_refused_with_the_nearest_name(enqueue: Callable[..., Any]) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        enqueue(Report, month="May", ful=True)
    assert str(refusal.value) == (
        "ful=True is neither an option of enqueue() nor a parameter of Report.run(). "
        "Did you mean full? It takes full, month."
    )
    assert not Job.objects.exists()


def test_a_misspelt_option_is_refused_with_the_option() -> None:
    with pytest.raises(InvalidArgument, match=r"prioritty=3 .*Did you mean priority\?"):
        Report.enqueue(month="May", prioritty=3)  # type: ignore[call-arg]


def test_each_option_of_enqueue_is_known_as_one() -> None:
    parameters = inspect.signature(row_for).parameters.values()
    kinds = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    assert {each.name for each in parameters if each.kind in kinds} == OPTIONS


def test_options_of_setup_are_options_of_each_run(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_system_jobs(monkeypatch)
    Clashing.setup(interval=5, queue_name="high", arguments={"queue_name": "a", "priority": 1})  # type: ignore[call-arg]

    system_job = system_jobs()[Clashing.path]
    assert (system_job.queue_name, system_job.kwargs) == (
        "high",
        {"queue_name": "a", "priority": 1},
    )


def test_arguments_that_fit_are_stored(enqueue: Callable[..., Any]) -> None:
    enqueue(Report, month="May", full=True)

    job = Job.objects.get()
    job.run_here()
    assert (job.kwargs, job.result) == ({"month": "May", "full": True}, "May True")


def test_a_run_that_is_a_partialmethod_is_called_without_self() -> None:
    job = Ready.enqueue(month="May")
    job.run_here()
    assert job.result == f"May True by {job.pk}"
    with pytest.raises(InvalidArgument, match=r"needs month"):
        Ready.enqueue(full=False)
    with pytest.raises(InvalidArgument, match=r"It takes full, month\."):
        Ready.enqueue(month="May", year=2026)


def test_a_function_is_checked_like_a_class() -> None:
    with pytest.raises(InvalidArgument, match=r"archive\(\) needs folder"):
        Job.enqueue(archive, name="Archive")
    with pytest.raises(
        InvalidArgument, match=r"fodler='a' .*Did you mean folder\? .*depth, folder"
    ):
        Job.enqueue(archive, name="Archive", fodler="a")
    assert Job.enqueue(archive, name="Archive", folder="a").kwargs == {"folder": "a"}


def test_what_a_decorator_supplies_is_not_required() -> None:
    job = Decorated.enqueue()
    job.run_here()
    assert job.result == "open"


def test_a_static_run_has_all_its_parameters() -> None:
    with pytest.raises(InvalidArgument, match="needs month"):
        Static.enqueue()  # type: ignore[call-arg]
    job = Static.enqueue(month="May")
    job.run_here()
    assert job.result == "May"


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("scheduled_at", timezone.now(), r"Did you mean schedule_at\?"),
        ("eta", timezone.now(), r"Did you mean schedule_at\?"),
        ("schedule_att", timezone.now(), r"Did you mean schedule_at\?"),
        ("intervall", 5, r"Did you mean interval\?"),
        ("prioritty", 5, r"Did you mean priority\?"),
        ("time_out", 5, r"Did you mean timeout\?"),
        ("max_attempt", 5, r"Did you mean max_attempts\?"),
        ("imediate", True, r"Did you mean immediate\?"),
        ("notification", "never", r"Did you mean notifications\?"),
        ("queue", "low", r"Did you mean queue_name\?"),
        ("countdown", 5, r"Write schedule_at=timezone\.now\(\)"),
        ("countdown", timedelta(minutes=1), r"Write schedule_at=timezone\.now\(\)"),
        ("isolation", "process", r"Set isolation in Meta\."),
    ],
)
def test_a_run_that_takes_anything_does_not_swallow_a_near_miss(
    name: str, value: Any, remedy: str
) -> None:
    with pytest.raises(InvalidArgument, match=remedy) as refusal:
        Noop.enqueue(**{name: value})
    assert f"arguments={{{name!r}: …}}" in str(refusal.value)
    with pytest.raises(InvalidArgument, match=remedy):
        Noop.enqueue_once(**{name: value})
    with pytest.raises(InvalidArgument, match=remedy):
        Noop.enqueue_many([{}], **{name: value})
    assert Noop.enqueue(arguments={name: value}).kwargs.keys() == {name}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("scheduled_at", "tomorrow"),
        ("intervall", "often"),
        ("queue", "of my mails"),
        ("countdown", "ten"),
        ("isolation", "high"),
        ("users", [1, 2]),
        ("title", 5),
    ],
)
def test_a_value_that_the_option_can_not_have_is_an_argument(name: str, value: Any) -> None:
    assert Noop.enqueue(**{name: value}).kwargs == {name: value}


def test_a_name_that_run_itself_has_is_an_argument() -> None:
    moment = timezone.now()
    assert Decorated.enqueue(eta=moment).kwargs.keys() == {"eta"}


def test_arguments_called_like_options_are_given_as_arguments() -> None:
    job = Clashing.enqueue(  # type: ignore[call-arg]
        arguments={"queue_name": "mine", "priority": 7, "arguments": 9}, queue_name="low"
    )
    assert job.queue_name == "low"
    job.run_here()
    assert job.result == ["mine", 7, 9]


@pytest.mark.parametrize("arguments", [5, "month", ["month"], {5: "May"}, True])
def test_arguments_that_are_no_names_with_values_are_refused(arguments: Any) -> None:
    with pytest.raises(InvalidArgument, match="arguments must be a dict from names to values"):
        Report.enqueue(arguments=arguments)  # type: ignore[call-arg]


def test_an_argument_that_is_given_twice_is_refused() -> None:
    with pytest.raises(
        InvalidArgument, match="month is given twice: 'May' in arguments, and 'Jun'"
    ):
        Report.enqueue(month="Jun", arguments={"month": "May"})


def test_a_system_job_is_checked_when_it_is_set_up() -> None:
    with pytest.raises(InvalidArgument, match="needs month"):
        Report.setup(interval=5)  # type: ignore[call-arg]
    with pytest.raises(InvalidArgument, match=r"intervall=5 .*Did you mean interval\?"):
        Noop.setup(cron="* * * * *", intervall=5)
    assert Report.path not in system_jobs()


def test_a_run_that_is_replaced_is_checked_as_it_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    Report.enqueue(month="May")
    monkeypatch.setattr(Report, "run", lambda self, year: year)
    with pytest.raises(InvalidArgument, match="needs year"):
        Report.enqueue()  # type: ignore[call-arg]
    assert Report.enqueue(year=2026).kwargs == {"year": 2026}  # type: ignore[call-arg]


def test_an_option_among_the_arguments_is_refused_if_run_does_not_take_it() -> None:
    with pytest.raises(InvalidArgument, match=r"queue_name='low' is an option .* Set it in Meta"):
        Report.enqueue(arguments={"month": "May", "queue_name": "low"})  # type: ignore[call-arg]
