"""A function of RQ as a job class: what a worker resolves, runs and judges."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar, TypeGuard

from pgjobs.compat.rq.options import Options, Retry
from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.of_functions import FunctionClass, class_of
from pgjobs.registry.names import path_of, refuse_yield, registered_as
from pgjobs.showing import brief


class FunctionJob(FunctionClass):
    """A job that calls a function with its positional and its keyword arguments."""

    intervals: ClassVar[tuple[int, ...]] = ()
    """Seconds between the attempts."""


def register(function: Callable[..., Any], queue: str, options: Options) -> None:
    """Let workers run ``function``, with the defaults in ``options``.

    Raises TypeError for a function that a worker can't find by its name, and InvalidArgument if
    the function is registered with other waits between its attempts.
    """
    name = getattr(function, "__qualname__", "")
    if not inspect.isfunction(function) or "<" in name or "." in name:
        raise TypeError(
            f"@job takes a def at module level, not {brief(function)}: a worker finds the "
            "function by its name."
        )
    refuse_yield(function, name)
    known = registered_as(path_of(function))
    if not _is_function_job(known) or known.function is not function:
        _make(function, queue, options)
    elif options.retry is not None:
        check_intervals(known, options.retry)


def job_class_of(target: Any) -> type[FunctionJob]:
    """Return the job class of a function or of a dotted path.

    Raises InvalidArgument, with the line to write, if no such function is registered.
    """
    path = target if isinstance(target, str) else path_of(target)
    known = registered_as(path)
    if _is_function_job(known):
        if isinstance(target, str) or known.function is target:
            return known
        raise InvalidArgument(
            f"{path} is registered for another function. Put @job above the other decorators, or "
            "give each function a name of its own."
        )
    if known is not None:
        raise InvalidArgument(
            f"{path} is no function of @pgjobs.compat.rq.job. Write {_native_call(known)}."
        )
    raise InvalidArgument(
        f"{brief(target)} is not registered, so no worker would find it. Write "
        "@pgjobs.compat.rq.job above a def at module level, and import its module in the jobs.py "
        "of its app."
    )


def check_intervals(job_class: type[FunctionJob], retry: Retry) -> None:
    """Raise InvalidArgument if ``retry`` has other waits than the function's own."""
    if retry.intervals and retry.intervals != job_class.intervals:
        raise InvalidArgument(
            f"{retry} has waits that {job_class.path} does not have: they belong to the function. "
            f"Write @pgjobs.compat.rq.job(retry={retry}) above it."
        )


def _make(function: Callable[..., Any], queue: str, options: Options) -> None:
    retry = options.retry or Retry(max=1)
    meta = {
        "queue": queue,
        "timeout": options.timeout,
        "backoff": retry.wait,
        "name": options.name,
        "max_attempts": options.max_attempts,
    }
    given = {option: value for option, value in meta.items() if value is not None}
    class_of(
        function,
        FunctionJob,
        meta=given,
        run=_run_of(function),
        intervals=retry.intervals,
    )


def _run_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the ``run()`` of the function's job class."""

    def run(_self: FunctionJob, /, *args: Any, **kwargs: Any) -> Any:
        return _returned(function(*args, **kwargs))

    async def run_coroutine(_self: FunctionJob, /, *args: Any, **kwargs: Any) -> Any:
        return _returned(await function(*args, **kwargs))

    return run_coroutine if inspect.iscoroutinefunction(function) else run


def _returned(value: Any) -> Any:
    if isinstance(value, Retry):
        raise InvalidArgument(
            "A function can't return Retry here: raise pgjobs.exceptions.Retry(after=seconds), "
            "and allow the attempts by @job(retry=Retry(max=…))."
        )
    return value


def _is_function_job(known: Any) -> TypeGuard[type[FunctionJob]]:
    return isinstance(known, type) and issubclass(known, FunctionJob)


def _native_call(known: Any) -> str:
    name = getattr(known, "__qualname__", "")
    return f"{name}.enqueue(…)" if isinstance(known, type) else f"Job.enqueue({name}, name=…)"
