"""The screen of one job: why it waits, its arguments, its failed attempts, its growing log."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Footer, Static

from pgjobs.cli.top import orders
from pgjobs.cli.top.job_look import JobLook, look_at_job
from pgjobs.cli.top.looking_screen import LookingScreen
from pgjobs.cli.top.reader import Reader
from pgjobs.cli.top.texts import lines_of, shortened, words

_FACTS: Final = (
    "status queue object created scheduled started completed late_by duration attempt max_attempts "
    "interruptions priority progress_percent progress_message cancel_requested worker job_class"
).split()
_LONGEST: Final = 20_000
"""Characters of the arguments, and of a traceback."""


class JobScreen(LookingScreen):
    """Follows the log while it is scrolled to its end."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "back", key_display="esc"),
        Binding("c", "cancel", "cancel"),
        Binding("r", "retry", "retry"),
        Binding("end,G", "end", "end of log", key_display="end"),
        Binding("q", "app.quit", "quit"),
    ]

    def __init__(self, reader: Reader, interval: float, job_id: int) -> None:
        super().__init__(reader, interval)
        self.job_id = job_id
        self._seen: JobLook | None = None

    @property
    def subject(self) -> str:
        name = f" · {self._seen.row.name}" if self._seen else ""
        return f"Job {self.job_id}{name}"

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Static(id="subject")
            yield Static(id="clock")
        with VerticalScroll(id="job"):
            yield Static(id="whole")
        yield Static(id="message")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one("#job").focus()

    def next_look(self) -> Callable[[], JobLook | None]:
        return partial(look_at_job, self.job_id, self._seen)

    def show(self, seen: JobLook | None) -> None:
        if seen is None:
            self.say(f"There is no job {self.job_id}. Perhaps it was pruned or deleted.")
            return
        self._seen = seen
        scroll = self.query_one("#job", VerticalScroll)
        at_end = 0 < scroll.max_scroll_y <= scroll.scroll_offset.y
        self.query_one("#whole", Static).update(_drawn(seen))
        if at_end:
            self.call_after_refresh(self._follow, scroll.scroll_offset.y)

    def _follow(self, offset: int) -> None:
        """Show the end, whose place is known by now, unless somebody has scrolled meanwhile."""
        scroll = self.query_one("#job", VerticalScroll)
        if scroll.scroll_offset.y == offset:
            scroll.scroll_end(animate=False, immediate=True)

    def action_end(self) -> None:
        self.query_one("#job", VerticalScroll).scroll_end(animate=False)

    def action_cancel(self) -> None:
        if self._seen is not None:
            row = self._seen.row
            self.give(orders.cancel(row.id, row.name, row.status))

    def action_retry(self) -> None:
        if self._seen is not None:
            row = self._seen.row
            self.give(orders.retry(row.id, row.name, row.status))


def _drawn(seen: JobLook) -> Text:
    text = Text()
    for title, lines in _sections(seen):
        text.append(f"{title}\n", style="bold underline")
        for line in lines:
            text.append(f"{line}\n")
        text.append("\n")
    return text


def _sections(seen: JobLook) -> Iterator[tuple[str, list[str]]]:
    facts = ((name, words(getattr(seen.row, name))) for name in _FACTS)
    yield "Job", [f"{name.replace('_', ' '):<17} {value}" for name, value in facts if value]
    yield "Why", [words(f"{each.reason}: {each.evidence}") for each in seen.why]
    yield "Arguments", lines_of(shortened(seen.whole.arguments, _LONGEST))
    if seen.whole.error:
        yield "Error", lines_of(shortened(seen.whole.error, _LONGEST))
    for entry in seen.whole.errors:
        yield _attempt(entry)
    yield "Log", [line for entry in seen.log for line in _entry(entry)] or ["(empty)"]


def _attempt(entry: Any) -> tuple[str, list[str]]:
    """Return a failed attempt with its traceback; an entry of another form as it is."""
    try:
        title = f"Failed attempt {entry['attempt']}: {entry['exception']}"
        return words(title), lines_of(shortened(str(entry["traceback"]), _LONGEST))
    except (KeyError, TypeError):
        return "Failed attempt", lines_of(shortened(str(entry), _LONGEST))


def _entry(entry: Any) -> list[str]:
    """Return the lines of a log entry, indented so that none of a message passes for an entry."""
    first, *others = lines_of(entry.message) or [""]
    head = f"{words(entry.timestamp)} {words(entry.level):<8} {first}"
    return [head, *(f"    {line}" for line in others)]
