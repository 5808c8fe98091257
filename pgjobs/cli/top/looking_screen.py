"""A screen that is read anew in each interval, and never waits for the database itself."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, Final

from django.db import Error
from django.utils import timezone
from rich.text import Text
from textual.screen import Screen
from textual.widgets import Static

from pgjobs.cli.output import moment_in_words
from pgjobs.cli.top.confirm import Confirm
from pgjobs.cli.top.orders import Order
from pgjobs.cli.top.reader import Reader
from pgjobs.cli.top.texts import words
from pgjobs.error_texts import said_by
from pgjobs.exceptions import PgJobsError
from pgjobs.worker.errors import is_away

_SHARE: Final = 3
"""After a look that took long, so many times as long passes until the next one, so that the screen
is no burden for a large table."""
_PATIENT: Final = 2.0
"""Seconds without an answer after which the screen says so."""


class LookingScreen(Screen[None]):
    """Looks in turns. It stands still while another screen is in front of it."""

    def __init__(self, reader: Reader, interval: float) -> None:
        super().__init__()
        self.reader = reader
        self.interval = interval
        self._asked: float | None = None
        """The `time.monotonic()` of a look that has not been answered yet."""
        self._due = asyncio.Event()
        self._in_front = asyncio.Event()
        self._message = self._trouble = ""

    @property
    @abstractmethod
    def subject(self) -> str:
        """The left part of the first line: the name of the database, or the job."""

    @abstractmethod
    def next_look(self) -> Callable[[], Any]:
        """Return the function that reads the database, for the thread of the reader."""

    @abstractmethod
    def show(self, seen: Any) -> None:
        """Show the result of a look."""

    def forget(self) -> None:
        """Forget the last look after one that failed: the rates must not span the gap."""

    def on_mount(self) -> None:
        self.set_interval(1, self._draw)
        self._draw()
        self.run_worker(self._keep_looking(), group="looks")

    def on_screen_resume(self) -> None:
        self._in_front.set()
        self.look_now()

    def on_screen_suspend(self) -> None:
        self._in_front.clear()

    def look_now(self) -> None:
        """Let the next look begin at once."""
        self._due.set()

    def say(self, text: str) -> None:
        """Show a message below the contents. Trouble with the database is shown in its place."""
        self._message = words(text)
        self._draw_message()

    def give(self, order: Order | str) -> None:
        """Ask the user and carry out the order, or say why there is none."""
        if isinstance(order, str):
            self.say(order)
        else:
            self.run_worker(self._carry_out(order), group="orders")

    async def _keep_looking(self) -> None:
        while True:
            await self._in_front.wait()
            self._due.clear()
            began = self._asked = time.monotonic()
            try:
                seen = await self.reader.ask(self.next_look())
            except Exception as error:  # an odd row must not end the screen
                self.forget()
                self._trouble = _in_words(error)
            else:
                self._trouble = ""
                self.show(seen)
            self._asked = None
            self._draw()
            took = time.monotonic() - began
            await self._wait_for_turn(max(self.interval, _SHARE * took))

    async def _wait_for_turn(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._due.wait()
        except TimeoutError:
            return

    async def _carry_out(self, order: Order) -> None:
        if not await self.app.push_screen_wait(Confirm(order.question)):
            self.say("Nothing was changed.")
            return
        self.say("Working …")
        try:
            self.say(await self.reader.ask(order.act))
        except (PgJobsError, LookupError) as error:
            self.say(f"Refused: {error}")
        except Error as error:
            self.say(f"Not done. {_in_words(error)}")
        self.look_now()

    def _draw(self) -> None:
        head = Text(words(self.subject), style="bold", no_wrap=True, overflow="ellipsis")
        self.query_one("#subject", Static).update(head)
        self.query_one("#clock", Static).update(Text(moment_in_words(timezone.now())[-8:]))
        self._draw_message()

    def _draw_message(self) -> None:
        trouble = self._trouble
        waited = 0.0 if self._asked is None else time.monotonic() - self._asked
        if waited > _PATIENT:
            trouble = f"PostgreSQL has not answered for {waited:.0f} s."
        text = Text(trouble or self._message, no_wrap=True, overflow="ellipsis")
        text.stylize("bold red" if trouble else "")
        self.query_one("#message", Static).update(text)


def _in_words(error: Exception) -> str:
    """Return the error in one line for the user."""
    text = " ".join(said_by(error).split())
    if not isinstance(error, Error):
        return words(f"The look has failed: {type(error).__name__}: {text}")
    return words(f"PostgreSQL {'does not answer' if is_away(error) else 'refuses'}: {text}")
