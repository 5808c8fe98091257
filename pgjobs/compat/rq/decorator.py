"""``@job``: registers a function for workers, and gives it ``delay()``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, ParamSpec, Protocol, TypeVar, overload

from pgjobs.compat.rq import options
from pgjobs.compat.rq.connection import check_connection
from pgjobs.compat.rq.function_job import register
from pgjobs.compat.rq.jobs import Job
from pgjobs.compat.rq.queues import Queue
from pgjobs.exceptions import InvalidArgument
from pgjobs.queues import DEFAULT
from pgjobs.showing import brief, did_you_mean

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

_OF_DELAY: Final = ("depends_on", "job_id", "at_front")
"""Options that ``delay()`` takes; all other names are arguments of the function."""

_OPTIONS: Final = (
    "timeout result_ttl ttl queue_class depends_on at_front meta description failure_ttl retry "
    "on_failure on_success on_stopped webhooks"
).split()


class JobFunction(Protocol[P, R_co]):
    """A function with ``delay()``. A plain call of it runs it, as before."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co: ...
    def delay(self, *args: P.args, **kwargs: P.kwargs) -> Job: ...
    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> Job: ...


@overload
def job(queue: Callable[P, R], /) -> JobFunction[P, R]: ...


@overload
def job(
    queue: str | Queue = DEFAULT, connection: Any = None, **given: Any
) -> Callable[[Callable[P, R]], JobFunction[P, R]]: ...


def job(queue: Any = DEFAULT, connection: Any = None, **given: Any) -> Any:
    """Register a function at module level, and give it ``delay()`` and ``enqueue()``.

    ``delay(*args, **kwargs)`` enqueues a call in ``queue``, in the caller's transaction, and
    returns the `Job`. ``given`` are options of RQ: ``timeout``, ``retry``, ``description``,
    ``meta``, ``at_front``. Raises TypeError for a function that a worker can't find by its name,
    and InvalidArgument, with what to do, for an option that pgjobs can't follow.
    """
    if callable(queue):
        return job()(queue)
    check_connection(connection)
    defaults = _defaults(given)
    chosen = queue if isinstance(queue, Queue) else None
    name = queue if chosen is None else chosen.name

    def decorate(function: Any) -> Any:
        register(function, name, defaults)

        def delay(*args: Any, **kwargs: Any) -> Job:
            own = {each: kwargs.pop(each) for each in [*kwargs] if each in _OF_DELAY}
            place = chosen or Queue(name)
            return place.enqueue_call(function, args, kwargs, **(given | own))

        function.delay = function.enqueue = delay
        return function

    return decorate


def _defaults(given: Mapping[str, Any]) -> options.Options:
    for option in given:
        if option not in _OPTIONS:
            raise InvalidArgument(
                f"{option}={brief(given[option])} is not an option of @job."
                f"{did_you_mean(option, _OPTIONS)} The options are: {', '.join(_OPTIONS)}."
            )
    # enqueue() calls it otherwise, because `timeout` may be an argument of the function there.
    return options.read({**given, "job_timeout": given.get("timeout")})
