"""The types of the decorators that ``task(…)`` returns: a task has the types of its function."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol, TypeAlias, TypeVar, overload

from pgjobs.tasks.framework import AnyContext, Task

P = ParamSpec("P")
R = TypeVar("R")

Returns: TypeAlias = Coroutine[Any, Any, R]
"""The call of a coroutine function that returns an R."""


class Declares(Protocol):
    """Makes a task of a function."""

    @overload
    def __call__(self, function: Callable[P, Returns[R]], /) -> Task[P, R]: ...
    @overload
    def __call__(self, function: Callable[P, R], /) -> Task[P, R]: ...


class DeclaresWithContext(Protocol):
    """Makes a task of a function whose first argument is the context."""

    @overload
    def __call__(
        self, function: Callable[Concatenate[AnyContext, P], Returns[R]], /
    ) -> Task[P, R]: ...
    @overload
    def __call__(self, function: Callable[Concatenate[AnyContext, P], R], /) -> Task[P, R]: ...
