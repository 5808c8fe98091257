"""The application: its look, its signals, and its end."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import replace
from typing import ClassVar, Final

from django.db import connections
from textual.app import App
from textual.binding import Binding, BindingType
from textual.theme import BUILTIN_THEMES

from pgjobs.cli.top.main_screen import MainScreen
from pgjobs.cli.top.reader import Reader
from pgjobs.cli.top.terminal import quiet_handlers
from pgjobs.steering.selection import all_jobs

_DEFAULT: Final = "ansi_default"
_ANSI: Final = BUILTIN_THEMES["ansi-dark"]
_THEME: Final = replace(
    _ANSI,
    name="terminal",
    primary=_DEFAULT,
    variables={
        name: value if name.endswith("-style") else _DEFAULT
        for name, value in {**_ANSI.variables, "input-cursor-text-style": "reverse"}.items()
    },
)
"""The colours of the terminal itself, so that the screen is light or dark as the terminal is."""


class TopApp(App[None]):
    """Shows the first screen until a key or a signal ends it."""

    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "quit", show=False, priority=True),
    ]
    CSS = """
    Screen, Static, Input, Footer, VerticalScroll, TableView {
        background: ansi_default; color: ansi_default;
    }
    #head { height: 1; }
    #subject { width: 1fr; height: 1; }
    #clock { width: 8; height: 1; }
    #numbers { height: 2; }
    #tabs, #message { height: 1; }
    #filter { height: 1; border: none; padding: 0; }
    TableView { height: 1fr; }
    #job { height: 1fr; scrollbar-size-vertical: 1; }
    #whole { height: auto; }
    Footer { height: 1; }
    """

    def __init__(self, reader: Reader, interval: float) -> None:
        super().__init__(ansi_color=True)
        self.reader = reader
        self.interval = interval
        self.database = str(connections[all_jobs().db].settings_dict["NAME"])
        self.register_theme(_THEME)
        self.theme = _THEME.name

    def on_load(self) -> None:
        """Let signals end the screen as a key does, so that the terminal is restored."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            loop.add_signal_handler(number, self.exit)

    def on_mount(self) -> None:
        self.push_screen(MainScreen(self.reader, self.interval, self.database))


def run_screen(interval: float) -> int:
    """Show the screen until the user quits, and return the exit code."""
    reader = Reader()
    reader.start()
    app = TopApp(reader, interval)
    try:
        with quiet_handlers():
            # Without the mouse, the terminal lets the user mark and copy texts.
            app.run(mouse=False)
    finally:
        reader.stop()
    return app.return_code or 0
