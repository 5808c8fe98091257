"""``@pgjobs.job``: a function as a job, with the options of ``class Meta``."""

from __future__ import annotations

import inspect
from functools import partial
from typing import TYPE_CHECKING, Any, Final, overload

from asgiref.sync import sync_to_async
from django.db import models
from django.utils.functional import Promise

from pgjobs.enqueueing.arguments import with_name
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.calls import job_model
from pgjobs.jobs.options import check_numbers
from pgjobs.jobs.system import register_system_job
from pgjobs.registry.meta import OF_FUNCTIONS, JobOptions
from pgjobs.registry.names import JobTarget, add, name_in_code, path_of
from pgjobs.registry.parameters import positional_names, refuse_positional_only
from pgjobs.showing import brief

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Concatenate, Unpack

    from pgjobs.jobs.signatures import (
        FunctionOptions,
        JobDecorator,
        JobFunction,
        P,
        R,
        TakesJob,
    )
    from pgjobs.models import Job

_NOT_GIVEN: Final = object()


@overload
def job(func: TakesJob[P, R], /) -> JobFunction[Concatenate[Job, P], P, R]: ...


@overload
def job(func: Callable[P, R], /) -> JobFunction[P, P, R]: ...


@overload
def job(**options: Unpack[FunctionOptions]) -> JobDecorator: ...


def job(func: Any = _NOT_GIVEN, /, **options: Any) -> Any:
    """Make a module-level function a job: ``send_report.delay("ops@example.org")``.

    The function stays what it is, and gets the calls ``enqueue()``, ``enqueue_once()``,
    ``enqueue_many()``, ``aenqueue()``, ``aenqueue_once()`` and ``setup()`` of a job class, and
    ``delay()``. ``options`` are those of ``class Meta``: ``@job(queue="high", timeout=60)``. If the
    function has a parameter ``job``, a worker gives it the row.

    Raises TypeError for a function that a worker can't find by its name or can't call by names,
    for one that yields, for a value that is no function, and for wrong options.
    """
    if func is _NOT_GIVEN:
        return partial(_made_job, **options)
    return _made_job(func, **options)


def _made_job(func: Any, **given: Any) -> Any:
    name = name_in_code(func, "job")
    _refuse_rule(name, given)
    options = JobOptions.of_function(name, _named(given, name), OF_FUNCTIONS)
    check_numbers(options, f"{name}: ")
    if options.atomic and inspect.iscoroutinefunction(func):
        raise TypeError(f"{name} is atomic, so it can't be a coroutine.")
    refuse_positional_only(func, name)
    for call in CALLS:
        _attach(func, call, name)
    add(path_of(func), func, options)
    return func


def _refuse_rule(function: str, given: dict[str, Any]) -> None:
    for rule in given.keys() & {"interval", "cron"}:
        raise TypeError(
            f"{function} has {rule!r}, which is no option of @job: write "
            f"@pgjobs.system_job({rule}={given[rule]!r}) above it."
        )


def _named(options: dict[str, Any], function: str) -> dict[str, Any]:
    """Return ``options`` with a name: if none is given, that of the function."""
    given = options.get("name", "")
    # A lazy translation must not be translated here: the apps may not be ready.
    if isinstance(given, Promise) or given != "":
        return options
    return {**options, "name": function.rpartition(".")[2]}


def _attach(func: Any, call: Callable[..., Any], name: str) -> None:
    try:
        setattr(func, call.__name__, partial(call, func))
    except AttributeError:
        raise TypeError(
            f"{name} can't have the attribute {call.__name__}: put @job above a def."
        ) from None


# The calls -----------------------------------------------------------------------------


def enqueue(func: JobTarget, instance: models.Model | None = None, /, **kwargs: Any) -> Job:
    """Insert a job of ``func`` and return it; see ``Job.enqueue`` for the arguments."""
    return job_model().enqueue(func, instance, **with_name(func, kwargs))


def enqueue_once(func: JobTarget, instance: models.Model | None = None, /, **kwargs: Any) -> Job:
    """Make sure that one live job holds the place; see ``BackgroundJob.enqueue_once``."""
    return job_model().enqueue_once(func, instance, **with_name(func, kwargs))


async def aenqueue(func: JobTarget, instance: models.Model | None = None, /, **kwargs: Any) -> Job:
    """Do the same as ``enqueue()``, for coroutines."""
    return await sync_to_async(partial(enqueue, func, instance, **kwargs))()


async def aenqueue_once(
    func: JobTarget, instance: models.Model | None = None, /, **kwargs: Any
) -> Job:
    """Do the same as ``enqueue_once()``, for coroutines."""
    return await sync_to_async(partial(enqueue_once, func, instance, **kwargs))()


def enqueue_many(func: JobTarget, /, jobs: Iterable[Any], **kwargs: Any) -> list[int]:
    """Insert a job for each item of ``jobs``; see ``BackgroundJob.enqueue_many``."""
    return job_model().enqueue_many(func, jobs, **with_name(func, kwargs))


def setup(
    func: JobTarget, /, *, interval: int | None = None, cron: str | None = None, **kwargs: Any
) -> None:
    """Let the clock run ``func``; see ``BackgroundJob.setup``."""
    register_system_job(func, interval=interval, cron=cron, kwargs=kwargs)


def delay(func: JobTarget, /, *args: Any, **kwargs: Any) -> Job:
    """Insert a job that calls ``func`` with these arguments, and return it.

    It takes no options, so an argument may be called as an option is.
    """
    return job_model().enqueue(
        func, arguments=arguments_by_name(func, args, kwargs) if args else kwargs
    )


def arguments_by_name(
    func: JobTarget, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments of a call of ``func`` by their names: rows hold no others.

    Raises InvalidArgument for more positional arguments than ``func`` takes, and for an argument
    that is given twice.
    """
    names = positional_names(func)
    if len(args) > len(names):
        raise InvalidArgument(
            f"{func.__qualname__}() takes {len(names)} arguments by position "
            f"({', '.join(names) or 'none'}), not {brief(args)}."
        )
    found = dict(zip(names, args, strict=False))
    for name in found.keys() & kwargs.keys():
        raise InvalidArgument(
            f"{name} is given twice: {brief(found[name])} by position, and "
            f"{brief(kwargs[name])} by name."
        )
    return {**found, **kwargs}


CALLS: Final = (delay, enqueue, enqueue_once, enqueue_many, aenqueue, aenqueue_once, setup)
"""The attributes that a function gets."""
