"""The calls by which code for RQ enqueues: their functions, arguments and moments."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from django.utils import timezone

from pgjobs.compat.rq import options
from pgjobs.exceptions import InvalidArgument
from pgjobs.showing import brief


class Call(NamedTuple):
    """One call for `Queue.enqueue_many`."""

    function: Any
    args: Any
    kwargs: Any
    options: dict[str, Any]


def moment(given: Any) -> datetime:
    """Return the moment of ``enqueue_at()``. Raises InvalidArgument for None."""
    if given is None:  # it would stand for a job without a moment, which starts at once
        raise InvalidArgument("datetime must be an aware datetime, not None.")
    return cast(datetime, given)


def moment_after(time_delta: Any) -> datetime:
    """Return the moment of ``enqueue_in()``. Raises InvalidArgument if there is none."""
    if not isinstance(time_delta, timedelta):
        raise InvalidArgument(f"time_delta must be a timedelta, not {brief(time_delta)}.")
    try:
        return timezone.now() + time_delta
    except OverflowError:
        raise InvalidArgument(
            f"time_delta={brief(time_delta)} ends beyond the years that a datetime can have."
        ) from None


def check_kinds(args: Any, kwargs: Any) -> None:
    """Raise InvalidArgument for ``args=`` or ``kwargs=`` that hold no arguments."""
    if not isinstance(args, list | tuple | None):
        raise InvalidArgument(f"args must be a tuple or a list, not {brief(args)}.")
    if not isinstance(kwargs, Mapping | None):
        raise InvalidArgument(f"kwargs must be a dict, not {brief(kwargs)}.")


def parsed(
    function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, Any, Any, dict[str, Any]]:
    """Return the function, its arguments, and the options of a call of ``enqueue()``."""
    given = {name: kwargs.pop(name) for name in [*kwargs] if name in options.OF_ENQUEUE}
    if "args" not in kwargs and "kwargs" not in kwargs:
        return function, args, kwargs, given
    if args or kwargs.keys() - {"args", "kwargs"}:
        raise InvalidArgument(
            "args= and kwargs= hold all arguments of the function, so none can stand beside them."
        )
    return function, kwargs.get("args"), kwargs.get("kwargs"), given
