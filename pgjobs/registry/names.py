"""Which names a row may bear: the job classes and functions that this process has registered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pgjobs.exceptions import UnknownJobClass

JobTarget = Callable[..., Any]
"""A job class, or a function marked ``@pgjobs.register``."""
F = TypeVar("F", bound=Callable[..., Any])

_targets: dict[str, JobTarget] = {}


def register(func: F) -> F:
    """Allow a module-level function as a job: ``Job.enqueue(func, name=…)``.

    It is called as ``func(job=job, **kwargs)``.
    """
    if "<locals>" in func.__qualname__:
        raise TypeError(f"{func.__qualname__} is not at module level, so a worker can't find it.")
    add(path_of(func), func)
    return func


def add(path: str, target: JobTarget) -> None:
    """Let rows name ``target`` by its dotted ``path``."""
    _targets[path] = target


def registered() -> dict[str, JobTarget]:
    """Return the registered job classes and functions by dotted path."""
    return dict(_targets)


def registered_as(path: str) -> JobTarget | None:
    """Return the job class or function registered as ``path``, or None."""
    return _targets.get(path)


def path_of(target: Any) -> str:
    """Return the dotted path under which rows name ``target``, or "" if it has no name."""
    module, name = getattr(target, "__module__", ""), getattr(target, "__qualname__", "")
    return f"{module}.{name}" if name else ""


def resolve(path: str) -> JobTarget:
    """Return the job class or function registered as ``path``.

    Raises UnknownJobClass otherwise. Nothing is imported here, so that a row can only name code
    that the worker itself has registered.
    """
    try:
        return _targets[path]
    except KeyError:
        raise UnknownJobClass(
            f"The job class {path!r} is not registered in this worker. Is its app in "
            "INSTALLED_APPS, and does the app's jobs.py import it?"
        ) from None
