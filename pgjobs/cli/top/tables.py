"""The tables of the screen: their columns, and how each column shows and sorts its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from django.utils import timezone

from pgjobs.choices import JobStatus
from pgjobs.cli.top.texts import words

_BAD: Final = "bold red"
_ODD: Final = "yellow"
_STYLES: Final = {
    JobStatus.ERRORED: _BAD,
    JobStatus.FAILED: _BAD,
    "dead": _BAD,
    "silent": _BAD,
    "paused": _ODD,
    "draining": _ODD,
    "cancelling": _ODD,
}
"""How a value stands out. Its text says the same, for terminals without colour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. ``width`` is in cells; a column with 0 shares the room that is left."""

    title: str
    value: Callable[[Any], Any]
    width: int = 0
    right: bool = False

    def text(self, row: Any) -> str:
        """Return the text of the cell."""
        return words(self.value(row))

    def style(self, row: Any) -> str:
        """Return the style of the cell; empty for an ordinary one."""
        value = self.value(row)
        return _STYLES.get(value, "") if isinstance(value, str) else ""

    def sort_key(self, row: Any) -> tuple[bool, Any]:
        """Return the key by which rows are ordered. Empty cells come last."""
        value = self.value(row)
        return value is None, "" if value is None else value


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table. ``identity`` tells a row at the next look, so that the cursor stays with it."""

    title: str
    columns: tuple[Column, ...]
    identity: Callable[[Any], Any]

    def in_order(self, rows: Iterable[Any], column: int | None, *, reverse: bool) -> list[Any]:
        """Return ``rows`` by a column, or in the order of the look."""
        if column is None:
            return list(rows)[::-1] if reverse else list(rows)
        key = self.columns[column].sort_key
        filled = [row for row in rows if not key(row)[0]]
        empty = [row for row in rows if key(row)[0]]
        return [*sorted(filled, key=key, reverse=reverse), *empty]


def _column(
    title: str, value: str | Callable[[Any], Any] = "", width: int = 0, *, right: bool = False
) -> Column:
    getter = value if callable(value) else attrgetter(value or title)
    return Column(title=title, value=getter, width=width, right=right)


def _number(title: str, value: str | Callable[[Any], Any] = "", width: int = 8) -> Column:
    return _column(title, value, width, right=True)


def _ago(name: str) -> Callable[[Any], Any]:
    """Return the age of a moment."""

    def age(row: Any) -> Any:
        moment: datetime | None = getattr(row, name)
        return None if moment is None else timezone.now() - moment

    return age


def _state_of_queue(row: Any) -> str:
    if row.paused:
        return "paused"
    return "" if row.workers else "no worker"


def _slots(row: Any) -> str:
    return f"{row.running}/{row.slots}"


def _progress(row: Any) -> str | None:
    if row.cancel_requested is not None:
        return "cancelling"
    percent = None if row.progress_percent is None else f"{row.progress_percent}%"
    return " ".join(filter(None, (percent, row.progress_message))) or None


def _class(row: Any) -> str:
    """Return the last part of the path of the job class."""
    return str(row.job_class.rpartition(".")[2])


TABLES: Final[dict[str, Table]] = {
    "queues": Table(
        title="Queues",
        identity=attrgetter("queue"),
        columns=(
            _column("queue"),
            _number("waiting", "pending"),
            _number("oldest", "latency", 11),
            _number("scheduled", width=9),
            _number("running"),
            _number("workers"),
            _column("state", _state_of_queue, 9),
        ),
    ),
    "workers": Table(
        title="Workers",
        identity=attrgetter("id"),
        columns=(
            _column("name"),
            _column("state", width=8),
            _number("slots", _slots, 7),
            _column("queues"),
            _number("uptime", width=11),
            _number("silent for", "silent_for", 10),
        ),
    ),
    "running": Table(
        title="Running",
        identity=attrgetter("id"),
        columns=(
            _number("id", width=9),
            _column("name"),
            _column("queue", width=10),
            _number("running for", "running_for", 11),
            _column("progress", _progress),
            _column("worker", width=12),
        ),
    ),
    "jobs": Table(
        title="Jobs",
        identity=attrgetter("id"),
        columns=(
            _number("id", width=9),
            _column("status", width=9),
            _column("queue", width=10),
            _column("name"),
            _number("created", _ago("created"), 11),
            _column("error"),
        ),
    ),
    "failures": Table(
        title="Failures",
        identity=attrgetter("job_class", "status", "error"),
        columns=(
            _number("jobs", width=7),
            _column("class", _class, 18),
            _column("status", width=8),
            _number("last seen", _ago("last_seen"), 11),
            _column("error"),
        ),
    ),
}
"""The tables by their names, in the order of their keys."""
