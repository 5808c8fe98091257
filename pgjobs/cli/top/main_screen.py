"""The first screen: the numbers, and one of the tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, Final

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Footer, Input, Static

from pgjobs.choices import JobStatus
from pgjobs.cli.top import orders
from pgjobs.cli.top.job_screen import JobScreen
from pgjobs.cli.top.looking_screen import LookingScreen
from pgjobs.cli.top.looks import Look, Overview, look
from pgjobs.cli.top.rates import Meter
from pgjobs.cli.top.reader import Reader
from pgjobs.cli.top.table_view import TableView
from pgjobs.cli.top.tables import TABLES
from pgjobs.cli.top.texts import short, words

_NAMES: Final = tuple(TABLES)
_USES: Final = {
    "pause": ("queues",),
    "cancel": ("running", "jobs"),
    "retry": ("jobs", "failures"),
}
"""The tables in which a key has a use."""
_LONGEST_FILTER: Final = 100


class MainScreen(LookingScreen):
    """Shows one table at a time. The keys are in the footer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "table(0)", "table", key_display="1-5"),
        *[Binding(str(place + 1), f"table({place})", show=False) for place in range(1, 5)],
        Binding("right,tab", "next_table(1)", show=False),
        Binding("left,shift+tab", "next_table(-1)", show=False),
        Binding("slash", "filter", "filter", key_display="/"),
        Binding("escape", "no_filter", show=False),
        Binding("s", "sort", "sort"),
        Binding("S", "turn_around", "reverse", key_display="S"),
        Binding("enter", "open", "open", key_display="⏎"),
        Binding("p", "pause", "pause"),
        Binding("c", "cancel", "cancel"),
        Binding("r", "retry", "retry"),
        Binding("q", "app.quit", "quit"),
    ]

    def __init__(self, reader: Reader, interval: float, database: str) -> None:
        super().__init__(reader, interval)
        self._database = database
        self._meter = Meter()
        self._sought = ""
        self._shown = _NAMES[0]
        self._table = TableView(TABLES[self._shown])

    @property
    def subject(self) -> str:
        return f"pgjobs top · {self._database}"

    def compose(self) -> ComposeResult:
        with Horizontal(id="head"):
            yield Static(id="subject")
            yield Static(id="clock")
        yield Static(id="numbers")
        yield Static(id="tabs")
        yield self._table
        yield Static(id="message")
        yield Input(id="filter", max_length=_LONGEST_FILTER, compact=True)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        self.query_one(Input).display = False
        self._table.focus()
        self._draw_tabs()

    def next_look(self) -> Callable[[], tuple[str, str, Look]]:
        name, text = self._shown, self._sought
        return lambda: (name, text, look(name, text, self._meter))

    def show(self, seen: tuple[str, str, Look]) -> None:
        if not self.query("#numbers"):
            return  # the screen was closed during the look
        name, text, found = seen
        self.query_one("#numbers", Static).update(Text(_numbers(found.overview), no_wrap=True))
        if (name, text) == (self._shown, self._sought):
            self._table.show_rows(found.rows)
            self._draw_tabs(found.left_out)

    def forget(self) -> None:
        self._meter.reset()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action not in _USES or self._shown in _USES[action]

    def action_table(self, place: int) -> None:
        self._shown = _NAMES[place]
        self._table.show_table(TABLES[self._shown])
        self.say("")
        self._draw_tabs()
        self.refresh_bindings()
        self.look_now()

    def action_next_table(self, by: int) -> None:
        self.action_table((_NAMES.index(self._shown) + by) % len(_NAMES))

    def action_filter(self) -> None:
        field = self.query_one(Input)
        field.value = self._sought
        field.display = True
        field.focus()
        self.say("Queue, class, name, worker, status or id. Enter: filter. Escape: no filter.")

    def action_no_filter(self) -> None:
        self._take_filter("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._take_filter(event.value.strip())

    def action_sort(self) -> None:
        self.say(self._table.sort_by_next())

    def action_turn_around(self) -> None:
        self._table.turn_around()

    def action_open(self) -> None:
        row = self._table.chosen
        if row is None:
            return
        if self._shown == "queues":
            self._take_filter(row.queue)
            self.action_table(_NAMES.index("jobs"))
        elif self._shown == "workers":
            self._take_filter(row.name)
            self.action_table(_NAMES.index("running"))
        else:
            job = row.example_id if self._shown == "failures" else row.id
            self.app.push_screen(JobScreen(self.reader, self.interval, job))

    def action_pause(self) -> None:
        if (row := self._table.chosen) is not None:
            self.give(orders.pause(row.queue, is_paused=row.paused))

    def action_cancel(self) -> None:
        if (row := self._table.chosen) is not None:
            self.give(orders.cancel(row.id, row.name, getattr(row, "status", JobStatus.RUNNING)))

    def action_retry(self) -> None:
        if (row := self._table.chosen) is None:
            return
        if self._shown == "failures":
            self.give(orders.retry_kind(row))
        else:
            self.give(orders.retry(row.id, row.name, row.status))

    def _take_filter(self, text: str) -> None:
        self._sought = text
        self.query_one(Input).display = False
        self._table.focus()
        self.say("")
        self._draw_tabs()
        self.look_now()

    def _draw_tabs(self, left_out: str = "") -> None:
        line = Text(no_wrap=True, overflow="ellipsis")
        for place, (name, table) in enumerate(TABLES.items(), 1):
            is_here = name == self._shown
            line.append(f" {place} {table.title} ", style="bold reverse" if is_here else "")
        if self._sought:
            line.append(f"  filter: {words(self._sought)}", style="bold")
        if left_out:
            line.append(f"  {left_out}")
        self.query_one("#tabs", Static).update(line)


def _numbers(overview: Overview) -> str:
    """Return two lines of numbers that fit 80 columns."""
    oldest = "" if overview.oldest is None else f", the oldest for {short(overview.oldest)}"
    pace = "rates at the next look"
    if (rates := overview.rates) is not None:
        ended = f"out {rates.ended:.1f}/s · failed {rates.unsuccessful:.1f}/s"
        pace = f"in {rates.arrived:.1f}/s · {ended}"
    return (
        f"{overview.pending} waiting{oldest} · {overview.scheduled} scheduled · "
        f"{overview.running} running\n"
        f"{overview.workers} workers, {overview.slots} slots · {pace}"
    )
