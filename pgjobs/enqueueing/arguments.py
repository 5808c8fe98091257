"""The arguments of ``run()`` in a call of ``enqueue()``: all that it needs, and no other.

So a misspelt name is told at the call, and not later in the log of a worker.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, NamedTuple

from django.db import models

from pgjobs import queues
from pgjobs.choices import JobIsolation, JobNotification
from pgjobs.exceptions import InvalidArgument
from pgjobs.registry.names import JobTarget
from pgjobs.registry.parameters import Parameters, parameters_of
from pgjobs.registry.targets import is_job_class, own_argument
from pgjobs.showing import brief, did_you_mean

OPTIONS: Final = frozenset(
    "instance name user schedule_at interval immediate queue_name notifications priority timeout "
    "max_attempts meta job_timeout arguments".split()
)
"""The names that ``enqueue()`` takes itself: only ``arguments`` hands them to ``run()``."""


def gathered(arguments: Any, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the ``arguments`` of a call and its ``kwargs`` as one dict.

    Raises InvalidArgument if ``arguments`` is no dict of names, or if both give a name.
    """
    if arguments is None:
        return kwargs
    if not isinstance(arguments, Mapping) or not all(isinstance(name, str) for name in arguments):
        raise InvalidArgument(
            f"arguments must be a dict from names to values, not {brief(arguments)}. It is an "
            "option of enqueue(): if run() has a parameter of this name, write "
            "arguments={'arguments': …}."
        )
    if twice := arguments.keys() & kwargs.keys():
        name = min(twice)
        raise InvalidArgument(
            f"{name} is given twice: {brief(arguments[name])} in arguments, and "
            f"{brief(kwargs[name])} beside it."
        )
    return {**arguments, **kwargs}


def with_name(target: JobTarget, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return ``kwargs`` with a ``name`` among the ``arguments`` if ``run()`` has such a parameter.

    The jobs of ``target`` have a name already, so ``name`` is not an option of the call.
    """
    if "name" not in kwargs or "name" not in parameters_of(target).named:
        return kwargs
    name = kwargs.pop("name")
    return {**kwargs, "arguments": gathered(kwargs.get("arguments"), {"name": name})}


def check_own(target: JobTarget, given: Mapping[str, Any]) -> None:
    """Raise InvalidArgument for a name that pgjobs itself gives to ``run()``."""
    if "job" in given and not is_job_class(target):
        raise InvalidArgument(
            f"job={brief(given['job'])} can't be an argument: pgjobs calls the function with its "
            "own row as job. Call the argument otherwise."
        )
    if "self" in given and is_job_class(target) and own_argument(target) == "self":
        raise InvalidArgument(
            f"self={brief(given['self'])} can't be an argument: {target.__qualname__}.run() "
            "has its own self. Call the argument otherwise."
        )
    own = target.given_argument if is_job_class(target) else None
    if own is not None and own in given:
        raise InvalidArgument(
            f"{own}={brief(given[own])} can't be an argument: {target.__qualname__}() is called "
            f"with a {own} of its own. Call the argument otherwise."
        )


def check_all(target: JobTarget, given: Mapping[str, Any]) -> None:
    """Raise InvalidArgument unless ``run()`` can be called with the names in ``given``."""
    parameters = parameters_of(target)
    if given.keys() <= parameters.named and parameters.required <= given.keys():
        return
    check_given(target, given)
    if missing := sorted(parameters.required.difference(given)):
        raise InvalidArgument(
            f"{_run(target)} needs {', '.join(missing)}: give {', '.join(map(_as_given, missing))}."
        )


def _as_given(name: str) -> str:
    """Return how a caller gives an argument; an option of its name would take it."""
    return f"arguments={{{name!r}: …}}" if name in OPTIONS else f"{name}=…"


def check_call(args: list[Any], target: JobTarget, kwargs: Mapping[str, Any]) -> None:
    """Raise InvalidArgument unless ``run()`` of the job class can be called with all arguments."""
    check_own(target, kwargs)
    run: Callable[..., Any] = target.run  # type: ignore[attr-defined]
    try:
        inspect.signature(run).bind(None, *args, **kwargs)
    except TypeError as error:
        raise InvalidArgument(f"{target.__qualname__}() can't be called so: {error}.") from None


def check_given(target: JobTarget, given: Mapping[str, Any]) -> None:
    """Raise InvalidArgument for a name that ``run()`` does not take."""
    check_own(target, given)
    parameters = parameters_of(target)
    if parameters.takes_any:
        return
    for name in given:
        if name in parameters.named:
            continue
        if name in OPTIONS:
            raise InvalidArgument(
                f"{name}={brief(given[name])} is an option of enqueue() and no parameter of "
                f"{_run(target)}, so it can't stand among the arguments. Set it in Meta, or "
                "give it to enqueue()."
            )
        raise InvalidArgument(
            f"{name}={brief(given[name])} is neither an option of enqueue() nor a parameter of "
            f"{_run(target)}.{_proposal(name, parameters)} {_taken(parameters)}"
        )


def check_options(target: JobTarget, kwargs: Mapping[str, Any]) -> None:
    """Raise InvalidArgument for an option that is misspelt, or that another system has.

    A ``run()`` with ``**kwargs`` would take it for an argument. A name that ``run()`` itself
    has, and a value that the option can't have, pass.
    """
    parameters = parameters_of(target)
    if not parameters.takes_any:
        return  # check_given() refuses it
    for name, value in kwargs.items():
        option = _meant(name)
        if option is not None and name not in parameters.written and option.could_be(value):
            raise InvalidArgument(
                f"{name}={brief(value)} is not an option of enqueue(). {option.remedy} If it is "
                f"meant for run(), write arguments={{{name!r}: …}}."
            )


class _Option(NamedTuple):
    remedy: str
    could_be: Callable[[Any], bool]


def _did_you_mean(name: str) -> str:
    return f"Did you mean {name}?"


def _is_moment(value: Any) -> bool:
    return isinstance(value, date)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_queue(value: Any) -> bool:
    return isinstance(value, str) and value in queues.known_queues()


_KINDS: Final[dict[str, Callable[[Any], bool]]] = {
    "user": lambda value: isinstance(value, models.Model),
    "schedule_at": _is_moment,
    "interval": _is_number,
    "immediate": lambda value: isinstance(value, bool),
    "queue_name": _is_queue,
    "notifications": lambda value: value in JobNotification.values,
    "priority": _is_number,
    "timeout": _is_number,
    "max_attempts": _is_number,
}
"""The values by which a misspelt option is told from an argument of ``run()``."""

_OF_OTHERS: Final[dict[str, _Option]] = {
    **{
        name: _Option(_did_you_mean("schedule_at"), _is_moment)
        for name in ("scheduled_at", "eta", "run_at", "run_after")
    },
    "countdown": _Option(
        "Write schedule_at=timezone.now() + timedelta(seconds=…).",
        lambda value: _is_number(value) or isinstance(value, timedelta),
    ),
    "queue": _Option(_did_you_mean("queue_name"), _is_queue),
    "isolation": _Option("Set isolation in Meta.", lambda value: value in JobIsolation.values),
}
"""Options of other job systems, or of ``Meta``."""


@lru_cache(maxsize=4096)
def _meant(name: str) -> _Option | None:
    """Return the option that a caller with ``name`` may mean."""
    if name in _OF_OTHERS:
        return _OF_OTHERS[name]
    close = get_close_matches(name, _KINDS, n=1, cutoff=0.85)
    return _Option(_did_you_mean(close[0]), _KINDS[close[0]]) if close else None


def _proposal(name: str, parameters: Parameters) -> str:
    if name in _OF_OTHERS:
        return f" {_OF_OTHERS[name].remedy}"
    return did_you_mean(name, [*sorted(parameters.named), *_KINDS])


def _taken(parameters: Parameters) -> str:
    return f"It takes {', '.join(sorted(parameters.named)) or 'no arguments'}."


def _run(target: JobTarget) -> str:
    name = getattr(target, "__qualname__", repr(target))
    return f"{name}.run()" if is_job_class(target) else f"{name}()"
