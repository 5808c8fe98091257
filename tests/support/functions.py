"""Functions at module level that no test has declared yet."""

from __future__ import annotations

from types import FunctionType
from typing import Any


def new_function() -> Any:
    """Return a function that does nothing, by a name that no task and no job has."""
    function = FunctionType(_nothing.__code__, globals())
    function.__qualname__ = f"function_{id(function)}"
    _kept.append(function)  # another one could get its id
    return function


def _nothing() -> None: ...


_kept: list[Any] = []
