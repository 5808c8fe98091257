"""The parameters of ``run()`` with their types and defaults, for a form."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

from pgjobs.access import redacted_arguments
from pgjobs.registry.names import JobTarget, path_of
from pgjobs.registry.parameters import parameters_of, signature_as_written, signature_of_call
from pgjobs.registry.targets import is_job_class

NONE: Final = inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Parameter:
    """A name that ``run()`` takes, and what it may be."""

    name: str
    kind: Any
    """The type without ``None``, or ``Any`` if it is not known."""
    is_nullable: bool
    is_required: bool
    default: Any
    """`NONE` if there is none."""
    is_hidden: bool
    """Whether no page may show its values."""

    @property
    def words(self) -> str:
        """The type as people write it."""
        if self.kind is Any:
            return ""
        name = getattr(self.kind, "__name__", None)
        if typing.get_origin(self.kind) is not None or name is None:
            name = str(self.kind).replace("typing.", "")
        return _("%s or None") % name if self.is_nullable else str(name)


def parameters_for(target: JobTarget) -> list[Parameter]:
    """Return the parameters by name in the order of the code; those of ``*args`` are left out."""
    known = parameters_of(target)
    names = known.named | (known.written if known.takes_any else frozenset())
    called: Any = target.run if is_job_class(target) else target
    found = {}
    for given in _signatures(called):
        for name, parameter in given.parameters.items():
            if name in names and name not in found:
                found[name] = parameter
    scope = getattr(inspect.unwrap(called), "__globals__", {})
    return [
        _parameter(target, parameter, name in known.required, scope)
        for name, parameter in found.items()
    ]


def takes_any(target: JobTarget) -> bool:
    """Return whether ``run()`` takes other names too."""
    return parameters_of(target).takes_any


def _signatures(called: Callable[..., Any]) -> list[inspect.Signature]:
    try:
        return [signature_as_written(called), signature_of_call(called)]
    except (TypeError, ValueError):  # such as a run() that was written in C
        return []


def _parameter(
    target: JobTarget, parameter: inspect.Parameter, is_required: bool, scope: dict[str, Any]
) -> Parameter:
    kind, is_nullable = _without_none(_resolved(parameter.annotation, scope))
    probe = {parameter.name: 1}
    return Parameter(
        name=parameter.name,
        kind=kind,
        is_nullable=is_nullable or parameter.default is None,
        is_required=is_required,
        default=parameter.default,
        is_hidden=redacted_arguments(path_of(target), probe) != probe,
    )


def _resolved(annotation: Any, scope: dict[str, Any]) -> Any:
    """Return the type that an annotation means; Any if its names can't be found."""
    if annotation is NONE:
        return Any
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(holder, scope)["it"]
    except Exception:  # an annotation is code of the project
        return Any


def _without_none(kind: Any) -> tuple[Any, bool]:
    if typing.get_origin(kind) not in (typing.Union, types.UnionType):
        return getattr(kind, "__supertype__", kind), False
    kinds = [each for each in typing.get_args(kind) if each is not type(None)]
    is_nullable = len(kinds) < len(typing.get_args(kind))
    return (kinds[0] if len(kinds) == 1 else Any), is_nullable
