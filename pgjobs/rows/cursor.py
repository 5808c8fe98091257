"""The part of a cursor that statements need, of Django or of the worker."""

from __future__ import annotations

from typing import Any, Protocol


class Cursor(Protocol):
    """The methods of a cursor that the statements call."""

    def execute(self, query: Any, params: Any = ..., /) -> Any: ...
    def fetchall(self) -> list[Any]: ...
