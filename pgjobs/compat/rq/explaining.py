"""Classes that explain a missing name of RQ: their AttributeError names the replacement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class _ExplainingType(type):
    """Lets a class explain its own absent names, such as those of RQ's class methods."""

    noun: str
    instead: Mapping[str, str]
    otherwise: str

    def explain(cls, name: str) -> AttributeError:
        """Return the error for the attribute ``name``."""
        advice = cls.instead.get(name, cls.otherwise)
        return AttributeError(f"A {cls.noun} of pgjobs.compat.rq has no {name!r}. {advice}")

    def __getattr__(cls, name: str) -> Any:
        raise cls.explain(name)


class Explaining(metaclass=_ExplainingType):
    """The base of classes that take the place of RQ's."""

    __slots__ = ()

    noun: ClassVar[str]
    instead: ClassVar[Mapping[str, str]] = {}
    """The advice for each known name of RQ."""
    otherwise: ClassVar[str] = "See docs/migrating.md."
    """The advice for all other names."""

    def __getattr__(self, name: str) -> Any:
        # A property can raise an AttributeError of its own: to explain it away would hide it.
        if hasattr(type(self), name):
            return object.__getattribute__(self, name)
        raise type(self).explain(name)
