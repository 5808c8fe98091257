"""The target of a job: a job class or a registered function. Every other value is refused."""

from __future__ import annotations

import inspect
from typing import Any, TypeGuard

from pgjobs.exceptions import InvalidArgument
from pgjobs.registry.job_class import JobClass
from pgjobs.registry.meta import JobOptions
from pgjobs.registry.names import JobTarget, options_of_function, path_of, registered_as
from pgjobs.showing import brief


def is_job_class(target: Any) -> TypeGuard[type[JobClass]]:
    """Return whether ``target`` is a job class and not a function."""
    # This is called several times for each job, and issubclass() is slow for a subclass of ABC.
    return isinstance(target, type) and JobClass in target.__mro__


def options_of(target: JobTarget) -> JobOptions:
    """Return the options in the ``Meta`` of ``target``, or the options of its registration."""
    return target.options if is_job_class(target) else options_of_function(target)


def name_of(target: JobTarget) -> str:
    """Return the name of all jobs of ``target``; "" if each call of ``enqueue()`` gives one.

    A lazy translation is returned as it is.
    """
    return target.name if is_job_class(target) else options_of_function(target).name


def own_argument(target: JobTarget) -> str | None:
    """Return the argument of ``run()`` that pgjobs itself gives, so that no caller may; or None.

    This is ``job`` for a function, ``context`` for a task that takes it, and ``self`` for a class
    if a caller could name it. It is None if ``run()`` was written in C and does not tell.
    """
    if not is_job_class(target):
        return "job"
    if target.given_argument is not None:
        return target.given_argument
    try:
        first = next(iter(inspect.signature(target.run).parameters.values()), None)
    except (TypeError, ValueError):
        return None
    is_self = first is not None and first.name == "self" and first.kind != first.POSITIONAL_ONLY
    return "self" if is_self else None


def check_target(target: Any) -> JobTarget:
    """Return the job class or function that ``target`` means.

    ``SomeJob.handle`` means ``SomeJob``. Raises InvalidArgument if ``target`` is not
    registered.
    """
    if inspect.ismethod(target) and target.__name__ == "handle":
        target = target.__self__  # NetBox calls Job.enqueue(MyJob.handle, …)
    known = registered_as(path_of(target)) if callable(target) else None
    if known is not None and known is target:
        return known
    if known is not None:
        raise InvalidArgument(
            f"{path_of(target)} is registered for another object. If two definitions have this "
            "name, rename one; if a decorator stands above @job or @register, put it below."
        )
    if is_job_class(target):
        raise InvalidArgument(
            f"{target.__qualname__} has no run() method, so it can't be enqueued."
        )
    raise InvalidArgument(
        f"{brief(target)} is not a BackgroundJob class, nor a function marked with "
        "@pgjobs.job or @pgjobs.register."
    )
