"""One schedule that another system keeps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

_LONGEST: Final = 500
"""Characters of arguments in a note."""


def unreadable(arguments: str) -> str:
    """Return the note about ``arguments`` that can't be read, of which it shows the beginning."""
    shown = arguments if len(arguments) <= _LONGEST else f"{arguments[:_LONGEST]}…"
    return f"Its arguments can't be read: {shown}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What runs, when, and what pgjobs would do otherwise."""

    source: str
    """The package that keeps it."""
    name: str
    target: str
    """The dotted path of the function."""
    cron: str = ""
    interval: int = 0
    """Minutes."""
    once_at: datetime | None = None
    args: list[Any] = field(default_factory=list)
    kwargs: dict[str, Any] = field(default_factory=dict)
    queue: str = ""
    priority: int | None = None
    is_enabled: bool = True
    is_readable: bool = True
    """Whether the arguments could be read."""
    notes: list[str] = field(default_factory=list)

    @property
    def recurs(self) -> bool:
        """Whether pgjobs can follow the rule."""
        return bool(self.cron or self.interval)
