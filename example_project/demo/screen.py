"""The demo's output: drawn on a terminal, plain lines in a file or a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.text import Text

from pgjobs import JobStatus

PLAIN_LINES_PAUSE: Final = 2.0
INDENT: Final = "  "
GAP: Final = "   "


class Screen:
    def __init__(self) -> None:
        self._console = Console(highlight=False)

    def title(self, name: str, subtitle: str) -> None:
        self._write("")
        self._write((name, "bold"), GAP, (subtitle, "dim"))
        self._write("")

    @contextmanager
    def step(self, doing: str) -> Iterator[Step]:
        """Show `doing` while the block runs, and then the step's `done` and its duration."""
        began = time.monotonic()
        step = Step()
        with self._console.status(f"{doing} …"):
            yield step
        self.done(step.done or doing, f"{time.monotonic() - began:.1f} s")

    def done(self, what: str, aside: str = "") -> None:
        self._write(("✓ ", "green"), what, (GAP + aside, "dim"))

    @contextmanager
    def bars(self) -> Iterator[Bars]:
        self._write("")
        if not self._console.is_terminal:
            plain = PlainBars(self._write)
            yield plain
            plain.end()
            return
        progress = Progress(
            TextColumn(INDENT + "{task.description:<22}", markup=False),
            BarColumn(bar_width=32),
            TextColumn("{task.completed:>6,.0f} / {task.total:,.0f}"),
            TimeElapsedColumn(),
            console=self._console,
        )
        with progress:
            yield Bars(progress)

    def heading(self, text: str, aside: str = "") -> None:
        self._write("")
        self._write((text, "bold"), GAP, (aside, "dim"))

    def lines(self, *lines: str) -> None:
        for line in lines:
            self._write(line)

    def facts(self, **facts: str) -> None:
        for name, value in facts.items():
            self._write((f"{name:<8}", "dim"), value)

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Print a table; numbers and durations are aligned to the right."""
        values = zip(*rows, strict=True)
        columns = [_column(head, column) for head, column in zip(heads, values, strict=True)]
        for line in zip(*columns, strict=True):
            self._write(Text(GAP).join(line))

    def code(self, text: str) -> None:
        for line in text.split("\n"):
            self._write((line, "cyan"))

    def commands(self, commands: Mapping[str, str]) -> None:
        """Print each command with its purpose."""
        width = max(map(len, commands))
        for command, purpose in commands.items():
            self._write((command.ljust(width), "cyan"), GAP, (f"# {purpose}", "dim"))

    def _write(self, *parts: str | Text | tuple[str, str]) -> None:
        line = Text.assemble(INDENT, *parts)
        line.rstrip()
        line.plain = harmless(line.plain)  # of the same length, so that the styles still fit
        # Not wrapped, because a wrapped path or query could not be copied.
        self._console.print(line, soft_wrap=True)


class Step:
    """The block of a step sets `done` to the text that is shown when the step has ended."""

    done: str = ""


class Bars:
    """Draws a bar for each lane; a bar appears with the first job of its lane."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def show(self, lanes: Iterable[Any]) -> None:
        for lane in lanes:
            if lane.name not in self._tasks:
                self._tasks[lane.name] = self._progress.add_task(harmless(lane.name))
            self._progress.update(self._tasks[lane.name], completed=lane.done, total=lane.total)


class PlainBars(Bars):
    """Writes a line every two seconds, for output in which nothing can be redrawn."""

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._line = self._written = ""
        self._next = time.monotonic() + PLAIN_LINES_PAUSE

    def show(self, lanes: Iterable[Any]) -> None:
        shown = (f"{lane.name} {lane.done:,.0f} / {lane.total:,.0f}" for lane in lanes)
        self._line = " · ".join(shown)
        if time.monotonic() >= self._next:
            self.end()

    def end(self) -> None:
        if self._line != self._written:
            self._write(self._line)
        self._written = self._line
        self._next = time.monotonic() + PLAIN_LINES_PAUSE


def harmless(text: str) -> str:
    """Return `text` with a mark for each character that could steer the terminal.

    Names of files and of jobs can hold such characters.
    """
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _column(head: str, values: Sequence[Any]) -> list[Text]:
    cells = [Text(head, style="dim"), *map(_cell, values)]
    width = max(cell.cell_len for cell in cells)
    to_the_right = all(isinstance(value, int | timedelta) for value in values)
    for cell in cells:
        cell.align("right" if to_the_right else "left", width)
    return cells


def _cell(value: Any) -> Text:
    if isinstance(value, JobStatus):
        return Text(str(value.label), style=value.color)
    if isinstance(value, timedelta):
        return Text(_duration(value))
    if value is None:
        return Text("")
    return Text(f"{value:,}" if isinstance(value, int) else str(value))


def _duration(value: timedelta) -> str:
    seconds = value.total_seconds()
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"
