"""Job classes that are made of functions, for tasks of Django's framework and for code for RQ."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pgjobs.jobs.options import check_numbers
from pgjobs.registry.job_class import JobClass
from pgjobs.registry.meta import JobOptions
from pgjobs.registry.parameters import signature_of_call


class FunctionClass(JobClass):
    """The base of the classes that `class_of` makes."""

    function: ClassVar[Callable[..., Any]]
    """The function that ``run()`` calls."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # First: the base class registers what it accepts.
        check_numbers(JobOptions.of(cls), f"{cls.__qualname__}.Meta: ")
        super().__init_subclass__(**kwargs)


def class_of(
    function: Callable[..., Any],
    base: type[Any],
    /,
    *,
    meta: Mapping[str, Any],
    run: Callable[..., Any],
    given: int = 0,
    **members: Any,
) -> Any:
    """Return the job class of ``function``, a subclass of ``base``, and register it.

    It has the path and the docstring of the function, and the options of ``meta``. Calls are held
    to the parameters of the function, without the first ``given`` ones, which ``run`` supplies. If
    a decorator stands around the function, the decorator's parameters count.
    """
    signature = _without_given(signature_of_call(function), given)
    run.__signature__ = signature  # type: ignore[attr-defined]
    run.__wrapped__ = _as_written(function, given)  # type: ignore[attr-defined]
    body = {
        "__module__": function.__module__,
        "__qualname__": function.__qualname__,
        "__doc__": function.__doc__,
        "Meta": type("Meta", (), dict(meta)),
        "run": run,
        "function": staticmethod(function),
        **members,
    }
    return type(function.__name__, (base,), body)


def _as_written(function: Callable[..., Any], given: int) -> Callable[..., Any]:
    """Return a function with the parameters of ``function`` as written inside its decorators."""

    @functools.wraps(function)
    def written(*args: Any, **kwargs: Any) -> None: ...

    written.__signature__ = _without_given(  # type: ignore[attr-defined]
        inspect.signature(function), given
    )
    return written


def _without_given(signature: inspect.Signature, given: int) -> inspect.Signature:
    """Return ``signature`` without the first ``given`` parameters; a ``*args`` takes any number."""
    parameters = list(signature.parameters.values())
    while given and parameters and parameters[0].kind != inspect.Parameter.VAR_POSITIONAL:
        del parameters[0]
        given -= 1
    own = inspect.Parameter("_self", inspect.Parameter.POSITIONAL_ONLY)
    return signature.replace(parameters=[own, *parameters])
