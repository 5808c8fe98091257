"""The parts of a job that a test expects, and the parts in which another job differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple
from unittest.mock import ANY

from pgjobs import codec
from pgjobs.choices import WAITING, JobStatus
from pgjobs.enqueueing import bounds
from pgjobs.enqueueing.arguments import OPTIONS, gathered
from pgjobs.enqueueing.references import object_columns, user_key
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from pgjobs.queues import check_known
from pgjobs.registry.names import registered_as
from pgjobs.registry.targets import is_job_class
from pgjobs.showing import brief
from pgjobs.testing.first_difference import ABSENT, first_difference, without_any
from pgjobs.testing.targets import Target, by_name, target_of
from pgjobs.testing.values import at, is_cut, of_option, shown

if TYPE_CHECKING:
    from pgjobs.testing.targets import AnyTarget


class _Option(NamedTuple):
    """An expected option of ``enqueue()``."""

    column: str
    value: Any
    """The value of the column."""
    given: Any
    """The value that the test gave."""


class Difference(NamedTuple):
    """A part of a job that is not as expected; both values are in words."""

    name: str
    expected: str
    found: str


@dataclass(frozen=True, slots=True)
class Expectation:
    """The parts of a job that a test cares for. The other parts may have any value."""

    job_class: str | None
    about: Any
    options: Mapping[str, _Option]
    arguments: Mapping[str, Any]
    """The expected arguments of ``run()``, as the test gave them."""
    encoded: Mapping[str, Any]
    """The same, as rows store them."""
    statuses: tuple[str, ...]

    @property
    def kind(self) -> str:
        """The statuses in words."""
        return "" if self.statuses == tuple(JobStatus.values) else " or ".join(self.statuses)

    def differences(self, job: Job) -> list[Difference]:
        """Return the parts of ``job`` that are not as expected, the status left out."""
        return [*self._in_options(job), *self._in_arguments(job)]

    def _in_options(self, job: Job) -> Iterator[Difference]:
        if self.job_class is not None and job.job_class != self.job_class:
            yield Difference("class", self.job_class, job.job_class)
        for name, option in self.options.items():
            if getattr(job, option.column) != option.value:
                found = getattr(job, option.column.removesuffix("_id"))
                yield Difference(name, of_option(option.given), of_option(found))
        if self.about is not ANY and not self._is_about_it(job):
            yield Difference("object", brief(self.about), brief(object_of(job)))

    def _is_about_it(self, job: Job) -> bool:
        expected = object_columns(self.about)
        return all(getattr(job, name) == value for name, value in expected.items())

    def _in_arguments(self, job: Job) -> Iterator[Difference]:
        stored = stored_arguments(job)
        for name, expected in self.arguments.items():
            found = stored.get(name, ABSENT)
            if place := first_difference(self.encoded[name], found, name):
                if found is ABSENT:
                    yield Difference(name, brief(expected), "not given")
                elif is_cut(expected) or is_cut(found):
                    yield Difference(*at(place))
                else:
                    yield Difference(name, brief(expected), shown(found))

    def __str__(self) -> str:
        parts = [f"{name}={brief(value)}" for name, value in self.arguments.items()]
        parts += [f"{name}={of_option(each.given)}" for name, each in self.options.items()]
        about = "" if self.about is ANY else f" about {brief(self.about)}"
        having = f" with {', '.join(parts)}" if parts else ""
        return f"job{'' if self.job_class is None else f' of {self.job_class}'}{about}{having}"


def expectation(
    target: AnyTarget | None = None,
    /,
    *args: Any,
    object: Any = ANY,
    user: Any = ANY,
    queue_name: Any = ANY,
    priority: Any = ANY,
    schedule_at: Any = ANY,
    interval: Any = ANY,
    status: Any = None,
    arguments: Mapping[str, Any] | None = None,
    **kwargs: Any,
) -> Expectation:
    """Return the expectation that the arguments of ``assert_enqueued()`` describe.

    Raises InvalidArgument for a name or a value that no job could have: an assertion that can't be
    true, or can't be false, is a mistake.
    """
    known = None if target is None else target_of(target)
    given = _arguments(known, args, arguments, kwargs)
    options = dict(_options(user, queue_name, priority, schedule_at, interval))
    if known is not None:
        options = {**dict(_options(**known.expected())), **options}
    if object is not ANY:
        object_columns(object)  # it raises for a value that can't be the object of a job
    return Expectation(
        job_class=None if known is None else known.path,
        about=object,
        options=options,
        arguments=given,
        encoded=codec.bare(codec.encode(without_any(given), "kwargs")),
        statuses=_statuses(status),
    )


def _arguments(
    target: Target | None, args: tuple[Any, ...], arguments: Any, kwargs: dict[str, Any]
) -> dict[str, Any]:
    """Return the expected arguments by their names, as a row stores them."""
    if target is None:
        _refuse_other_options(kwargs)
        return gathered(arguments, kwargs)
    if target.takes_options:
        kwargs = target.with_name({**kwargs, "arguments": arguments})
        arguments = kwargs.pop("arguments")
        _refuse_other_options(kwargs)
    return target.named(args, gathered(arguments, kwargs))


def _options(
    user: Any = ANY,
    queue_name: Any = ANY,
    priority: Any = ANY,
    schedule_at: Any = ANY,
    interval: Any = ANY,
) -> Iterator[tuple[str, _Option]]:
    """Yield the options that are compared; None stands for any value, but for the user."""
    if _is_given(queue_name):
        check_known([queue_name])
        yield "queue_name", _Option("queue_name", queue_name, queue_name)
    if _is_given(priority):
        yield "priority", _Option("priority", bounds.check_priority(priority), priority)
    minutes = bounds.check_interval(interval) if _is_given(interval) else None
    if minutes is not None:
        yield "interval", _Option("interval", minutes, interval)
    if _is_given(schedule_at):
        moment = bounds.check_schedule_at(schedule_at, minutes)
        yield "schedule_at", _Option("scheduled", moment, schedule_at)
    if user is not ANY:
        yield "user", _Option("user_id", user_key(user), user)


def _is_given(value: Any) -> bool:
    return value is not None and value is not ANY


def _statuses(status: Any) -> tuple[str, ...]:
    if status is None:
        return WAITING
    if status is ANY:
        return tuple(JobStatus.values)
    if status not in JobStatus.values:
        raise InvalidArgument(
            f"status must be one of {', '.join(JobStatus.values)}, not {brief(status)}. "
            "If it is meant for run(), write arguments={'status': …}."
        )
    return (status,)


def _refuse_other_options(kwargs: Mapping[str, Any]) -> None:
    for name in kwargs:
        if name in OPTIONS:
            raise InvalidArgument(
                f"{name}={brief(kwargs[name])} is an option of enqueue() that is not compared. If "
                f"it is meant for run(), write arguments={{{name!r}: …}}."
            )


def stored_arguments(job: Job) -> dict[str, Any]:
    """Return the arguments of ``job`` by their names, as its row stores them."""
    named = codec.named(job.kwargs) or {}
    args = job.args if isinstance(job.args, list) else []
    if not args:
        return named
    code = registered_as(job.job_class)
    try:
        if is_job_class(code):
            return by_name(code, args, named)
    except (TypeError, ValueError):  # SQL by hand can write anything, and code may be in C
        pass
    return {"*args": args, **named}


def object_of(job: Job) -> Any:
    """Return the object of ``job``, or its key if the object is gone."""
    if job.object_id is None:
        return None
    return job.object or f"{job.object_type} {job.object_id}"
