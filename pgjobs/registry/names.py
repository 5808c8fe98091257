"""The job classes and functions that this process has registered, by their dotted paths."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar, overload

from pgjobs.exceptions import UnknownJobClass
from pgjobs.registry.meta import JobOptions
from pgjobs.showing import brief

JobTarget = Callable[..., Any]
"""A job class, or a function marked ``@pgjobs.job`` or ``@pgjobs.register``."""
F = TypeVar("F", bound=Callable[..., Any])

PATH_LIMIT: Final = 200
"""Characters that a dotted path may have: the length of the column."""

_targets: dict[str, JobTarget] = {}
_options: dict[str, JobOptions] = {}
_DEFAULTS: Final = JobOptions()
_NOT_GIVEN: Final = object()
_ambiguous: set[str] = set()


@overload
def register(func: F, /) -> F: ...


@overload
def register(*, sensitive: Sequence[str] = (), launchable: bool = False) -> Callable[[F], F]: ...


def register(func: Any = _NOT_GIVEN, /, **options: Any) -> Any:
    """Allow ``Job.enqueue(func, name=…)`` for a module-level function, and return the function.

    A worker calls it as ``func(job=job, **kwargs)``. ``sensitive`` and ``launchable`` are those of
    ``Meta``: ``@register(sensitive=["pin"])``. Raises TypeError for a function that a worker can't
    find by its name, for one that yields, for a value that is no function, and for wrong options.
    """
    if func is _NOT_GIVEN:
        return partial(_register, **options)
    return _register(func, **options)


def _register(func: F, **options: Any) -> F:
    name = name_in_code(func, "register")
    add(path_of(func), func, JobOptions.of_function(name, options, ("sensitive", "launchable")))
    return func


def name_in_code(func: Any, decorator: str) -> str:
    """Return the name of ``func`` if a worker can find it by that name, and if its body runs.

    Raises TypeError for what ``decorator`` can't make a job: a method, a nested function, a
    ``lambda``, a value that is no function, and a function that yields.
    """
    name = getattr(func, "__qualname__", None)
    if not isinstance(name, str) or isinstance(func, type) or inspect.ismethod(func):
        raise TypeError(
            f"{decorator}() takes a function at module level, not {brief(func)}. "
            "A class of jobs inherits from pgjobs.BackgroundJob instead."
        )
    if "<" in name or "." in name:
        raise TypeError(f"{name} is not a def at module level, so a worker can't find it.")
    refuse_yield(func, name)
    return name


def options_of_function(func: JobTarget) -> JobOptions:
    """Return the options with which ``func`` was registered."""
    return _options.get(path_of(func), _DEFAULTS)


def refuse_yield(run: Any, name: str) -> None:
    """Raise TypeError if ``run`` has a ``yield``: a call of it runs nothing of its body."""
    if inspect.isgeneratorfunction(run) or inspect.isasyncgenfunction(run):
        raise TypeError(f"{name} has a yield, so calling it would run nothing; remove the yield.")


def add(path: str, target: JobTarget, options: JobOptions | None = None) -> None:
    """Register ``target`` under ``path``, the dotted path that rows store.

    A target that is no job class has its ``options`` here. Raises TypeError for a path that rows
    can't store.
    """
    if len(path) > PATH_LIMIT:
        raise TypeError(
            f"The dotted path {path} has {len(path)} characters; at most {PATH_LIMIT} are allowed, "
            "so give the class, the function or its module a shorter name."
        )
    known = _targets.get(path, target)
    if _body(known) is not _body(target):
        _ambiguous.add(path)
    _targets[path] = target
    if options is not None:
        _options[path] = options


def _body(target: JobTarget) -> Any:
    """Return the function that does the work: a decorator of the class can make the class anew."""
    return getattr(target, "run", target)


def registered() -> dict[str, JobTarget]:
    """Return the registered job classes and functions by dotted path."""
    return dict(_targets)


def ambiguous() -> list[str]:
    """Return the dotted paths under which this process has registered different code."""
    return sorted(_ambiguous)


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
            "INSTALLED_APPS, and does the app's jobs.py or tasks.py import it?"
        ) from None
