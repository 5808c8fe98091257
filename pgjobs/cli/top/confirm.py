"""The question before an order."""

from __future__ import annotations

from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static


class Confirm(ModalScreen[bool]):
    """Asks a question, and ends with whether the answer was yes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "dismiss(True)"),
        Binding("n,escape,q", "dismiss(False)"),
    ]
    DEFAULT_CSS = """
    Confirm { align: center middle; background: transparent; }
    Confirm Vertical {
        width: 64; max-width: 95%; height: auto; padding: 1 2; border: solid;
        background: ansi_default;
    }
    Confirm Static { height: auto; }
    """

    def __init__(self, question: str) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Static(Text(self.question))
            yield Static(Text("\ny  yes     n  no", style="bold"))
