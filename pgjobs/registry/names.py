"""The job classes and functions that this process has registered, by their dotted paths."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pgjobs.exceptions import UnknownJobClass

JobTarget = Callable[..., Any]
"""A job class, or a function marked ``@pgjobs.register``."""
F = TypeVar("F", bound=Callable[..., Any])

_targets: dict[str, JobTarget] = {}


def register(func: F) -> F:
    """Allow ``Job.enqueue(func, name=…)`` for a module-level function, and return the function.

    A worker calls it as ``func(job=job, **kwargs)``. Raises TypeError for a function that
    is defined inside another one.
    """
    if "<locals>" in func.__qualname__:
        raise TypeError(f"{func.__qualname__} is not at module level, so a worker can't find it.")
    add(path_of(func), func)
    return func


def add(path: str, target: JobTarget) -> None:
    """Register ``target`` under ``path``, the dotted path that rows store."""
    _targets[path] = target


def registered() -> dict[str, JobTarget]:
    """Return the registered job classes and functions by dotted path."""
    return dict(_targets)


def registered_as(path: str) -> JobTarget | None:
    """Return the job class or function registered as ``path``, or None."""
    return _targets.get(path)


def path_of(target: Any) -> str:
    """Return the dotted path that rows store for ``target``, or "" if it has no name."""
    module, name = getattr(target, "__module__", ""), getattr(target, "__qualname__", "")
    return f"{module}.{name}" if name else ""


def resolve(path: str) -> JobTarget:
    """Return the job class or function registered as ``path``.

    Raises UnknownJobClass if there is none. Nothing is imported here. So a row can name
    only code that this process has registered, and cannot make it import more.
    """
    try:
        return _targets[path]
    except KeyError:
        raise UnknownJobClass(
            f"The job class {path!r} is not registered in this worker. Is its app in "
            "INSTALLED_APPS, and does the app's jobs.py import it?"
        ) from None
