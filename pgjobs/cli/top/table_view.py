"""The widget that shows a table: as wide as the screen, a cursor, no more rows than fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.widget import Widget

from pgjobs.cli.top.tables import Column, Table
from pgjobs.cli.top.texts import fitted

_GAP: Final = "  "
_LEAST: Final = 6
"""Cells of a column that shares the room, however narrow the screen is."""


class TableView(Widget, can_focus=True):
    """Shows rows, and remembers the chosen one by its identity."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", show=False),
        Binding("down,j", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "move(-1000000)", show=False),
        Binding("end", "move(1000000)", show=False),
    ]

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.table = table
        self.sort_column: int | None = None
        self.reverse = False
        self._given: Sequence[Any] = ()
        self._rows: list[Any] = []
        self._cursor = self._top = 0

    @property
    def chosen(self) -> Any | None:
        """The row of the cursor, or None if there is none."""
        return self._rows[self._cursor] if self._rows else None

    def show_table(self, table: Table) -> None:
        """Show another table, without rows until the next look."""
        self.table, self.sort_column, self.reverse = table, None, False
        self._given, self._rows = (), []
        self._cursor = self._top = 0
        self.refresh()

    def show_rows(self, rows: Sequence[Any]) -> None:
        """Show the rows of a look. The cursor stays with its row, if it is still there."""
        chosen = self.chosen
        self._given = rows
        self._rows = self.table.in_order(rows, self.sort_column, reverse=self.reverse)
        if chosen is not None:
            self._choose(self.table.identity(chosen))
        self.action_move(0)

    def sort_by_next(self) -> str:
        """Sort by the next column, after the last one by none, and return the order in words."""
        places = [None, *range(len(self.table.columns))]
        self.sort_column = places[(places.index(self.sort_column) + 1) % len(places)]
        self.show_rows(self._given)
        if self.sort_column is None:
            return "Not sorted."
        return f"Sorted by {self.table.columns[self.sort_column].title}."

    def turn_around(self) -> None:
        """Reverse the order."""
        self.reverse = not self.reverse
        self.show_rows(self._given)

    def action_move(self, by: int) -> None:
        self._cursor = max(0, min(self._cursor + by, len(self._rows) - 1))
        self.refresh()

    def action_page(self, by: int) -> None:
        self.action_move(by * max(1, self._room))

    def render(self) -> Text:
        self._top = max(self._cursor - self._room + 1, min(self._top, self._cursor), 0)
        widths = list(self._widths())
        text = Text(self._heads(widths), style="bold underline", no_wrap=True, end="")
        for place, row in enumerate(self._rows[self._top : self._top + self._room], self._top):
            text.append("\n")
            text.append_text(self._line(row, widths, is_chosen=place == self._cursor))
        return text

    @property
    def _room(self) -> int:
        """The rows that fit below the heads of the columns."""
        return max(1, self.size.height - 1)

    def _choose(self, identity: Any) -> None:
        for place, row in enumerate(self._rows):
            if self.table.identity(row) == identity:
                self._cursor = place
                return

    def _widths(self) -> Iterator[int]:
        columns = self.table.columns
        free = self.size.width - sum(column.width for column in columns)
        free -= len(_GAP) * (len(columns) - 1)
        sharing = [column for column in columns if not column.width]
        for column in columns:
            if column.width:
                yield column.width
            else:
                share = free // len(sharing) + (free % len(sharing) if column is sharing[-1] else 0)
                yield max(_LEAST, share)

    def _heads(self, widths: list[int]) -> str:
        heads = []
        for place, (column, width) in enumerate(zip(self.table.columns, widths, strict=True)):
            arrow = ("▼" if self.reverse else "▲") if place == self.sort_column else ""
            title = fitted(column.title, width - len(arrow)).rstrip() + arrow
            heads.append(fitted(title, width, right=column.right))
        return _GAP.join(heads)

    def _line(self, row: Any, widths: list[int], *, is_chosen: bool) -> Text:
        line = Text()
        for place, (column, width) in enumerate(zip(self.table.columns, widths, strict=True)):
            line.append(_GAP if place else "")
            line.append(*_cell(column, row, width))
        if is_chosen:
            line.stylize("reverse")
        return line


def _cell(column: Column, row: Any, width: int) -> tuple[str, str]:
    return fitted(column.text(row), width, right=column.right), column.style(row)
