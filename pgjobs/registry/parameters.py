"""The parameters of ``run()``: which names a call may give, and which it must."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from typing import Any

from pgjobs.registry.names import JobTarget
from pgjobs.registry.targets import is_job_class


@dataclass(frozen=True, slots=True)
class Parameters:
    """The names that ``run()`` takes by keyword."""

    required: frozenset[str]
    named: frozenset[str]
    """Required names, and names that have defaults."""
    takes_any: bool
    """Whether ``run()`` has a ``**kwargs``."""
    written: frozenset[str]
    """The names in the ``def`` itself. A decorator may take any name and hand these on."""
    takes_job: bool = True
    """Whether a function can be called with its row as ``job``."""


_ANYTHING = Parameters(frozenset(), frozenset(), True, frozenset())


def parameters_of(target: JobTarget) -> Parameters:
    """Return the parameters of a job class's ``run()`` or of a registered function.

    ``self``, or a function's ``job``, is left out: pgjobs gives it.
    """
    try:
        return _parameters_of(target, getattr(target, "run", None))
    except TypeError:  # a callable that can't be hashed
        return _ANYTHING


@lru_cache(maxsize=4096)
def _parameters_of(target: JobTarget, run: Any) -> Parameters:
    # ``run`` is a part of the key because a project may replace it in the class.
    called = run if is_job_class(target) else target
    try:
        # Of the outer function: a decorator may supply an argument that the inner one requires.
        signature = signature_of_call(called)
        inner_signature = signature_as_written(called)
        outer, inner = without_own(target, signature), without_own(target, inner_signature)
    except (TypeError, ValueError):
        return _ANYTHING
    return Parameters(
        required=frozenset(each.name for each in outer if _is_named(each) and _is_required(each)),
        named=frozenset(each.name for each in outer if _is_named(each)),
        takes_any=_takes_any(outer),
        written=frozenset(each.name for each in inner if _is_named(each)),
        takes_job=_takes_job(signature.parameters, inner_signature.parameters),
    )


def refuse_positional_only(target: JobTarget, name: str) -> None:
    """Raise TypeError if the code of ``target``, called ``name``, needs an argument by position."""
    if not is_job_class(target):
        try:
            signatures = inspect.signature(target), signature_of_call(target)
        except ValueError:
            raise TypeError(
                f"{name} was written in C and does not tell its parameters: put @job above a def."
            ) from None
        for each in signatures:
            _refuse_positional_only(each.parameters.values(), name)
        return
    try:
        signature = signature_of_call(target.run)
    except (TypeError, ValueError):  # it was written in C and does not tell
        return
    _refuse_positional_only(without_own(target, signature), f"{name}.run()")


def signature_of_call(called: Any) -> inspect.Signature:
    """Return the signature that a call of ``called`` meets first: that of its outermost decorator.

    Raises TypeError or ValueError if it has none, such as for a function that was written in C.
    """
    try:
        return inspect.signature(called, follow_wrapped=False)
    except ValueError:  # a decorator that was written in C, such as functools.lru_cache
        return inspect.signature(called)


def _refuse_positional_only(parameters: Iterable[inspect.Parameter], name: str) -> None:
    for each in parameters:
        if each.kind == each.POSITIONAL_ONLY and each.default is each.empty:
            raise TypeError(
                f"{name} takes {each.name} by position alone, but a worker gives each argument "
                "by its name: remove the slash."
            )


def positional_names(func: JobTarget) -> list[str]:
    """Return the names of the arguments that a call of ``func`` may give by position, in order.

    If a decorator takes ``*args``, those inside it follow. The row, ``job``, is left out.
    """
    signature = signature_of_call(func)
    names = _positional(signature)
    if any(each.kind == each.VAR_POSITIONAL for each in signature.parameters.values()):
        names += [name for name in _positional(signature_as_written(func)) if name not in names]
    return [name for name in names if name != "job"]


def names_by_position(target: JobTarget) -> list[str]:
    """Return the names of the first arguments of ``target``, each of which a call may also name."""
    try:
        signature = signature_of_call(target.run if is_job_class(target) else target)
    except (TypeError, ValueError):  # it was written in C and does not tell
        return []
    parameters = without_own(target, signature)
    return [each.name for each in takewhile(_is_positional, parameters)]


def _is_positional(parameter: inspect.Parameter) -> bool:
    return parameter.kind == parameter.POSITIONAL_OR_KEYWORD


def _positional(signature: inspect.Signature) -> list[str]:
    return [each.name for each in signature.parameters.values() if _is_positional(each)]


def signature_as_written(called: Any) -> inspect.Signature:
    """Return the signature of the ``def`` inside the decorators of ``called``.

    Raises TypeError or ValueError if it has none, such as for a function that was written in C.
    """
    # A function that states its signature itself may have another one inside.
    is_stated = hasattr(called, "__signature__") and hasattr(called, "__wrapped__")
    return inspect.signature(called.__wrapped__ if is_stated else called)


def _takes_job(
    outer: Mapping[str, inspect.Parameter], inner: Mapping[str, inspect.Parameter]
) -> bool:
    """Return whether ``outer`` names ``job``, or takes it and hands it on to ``inner``."""
    if "job" in outer:
        return _is_named(outer["job"])
    if not _takes_any(outer.values()):
        return False
    return _takes_any(inner.values()) or ("job" in inner and _is_named(inner["job"]))


def _takes_any(parameters: Iterable[inspect.Parameter]) -> bool:
    return any(each.kind == each.VAR_KEYWORD for each in parameters)


def without_own(target: JobTarget, signature: inspect.Signature) -> list[inspect.Parameter]:
    """Return the parameters in ``signature`` of ``target`` that pgjobs does not give itself."""
    parameters = list(signature.parameters.values())
    if not is_job_class(target):
        return [each for each in parameters if each.name != "job"]
    has_self = parameters and parameters[0].kind != inspect.Parameter.VAR_POSITIONAL
    return parameters[1:] if has_self and _is_bound(target) else parameters


def _is_bound(target: JobTarget) -> bool:
    """Return whether ``job.run()`` hands the job on as the first argument.

    A function does, and so do a ``partialmethod`` and the functions of compilers such as Cython.
    """
    run = inspect.getattr_static(target, "run")
    if isinstance(run, staticmethod | classmethod) or inspect.ismethod(run):
        return False
    return hasattr(type(run), "__get__")


def _is_named(parameter: inspect.Parameter) -> bool:
    return parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is parameter.empty
