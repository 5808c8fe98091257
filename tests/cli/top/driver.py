"""Driving the screen of ``manage.py pgjobs top`` with keys, against the database of the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol, TypeVar

import pytest
from django.db import connections

pytest.importorskip("textual", reason="needs the extra 'tui'")

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from pgjobs.cli.top.app import TopApp

T = TypeVar("T")


class Driver:
    """A screen of 80 columns and 24 lines, and a user at its keys."""

    def __init__(self, app: TopApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def lines(self) -> list[str]:
        """The lines of the screen in front."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def until(self, condition: Callable[[], T], *, timeout: float = 25) -> T:
        """Return the first truthy value of ``condition``; fail after ``timeout``."""
        deadline = asyncio.get_running_loop().time() + timeout
        while not (value := condition()):
            assert asyncio.get_running_loop().time() < deadline, f"still {value!r}:\n{self.text}"
            await self.pilot.pause(0.05)
        return value

    async def until_shown(self, *texts: str) -> None:
        """Wait until the screen holds each text."""
        await self.until(lambda: all(text in self.text for text in texts))

    async def order(self, key: str, question: str) -> None:
        """Press ``key``, read the question, answer yes, and wait until the question is gone."""
        from pgjobs.cli.top.confirm import Confirm

        await self.press(key)
        screen = await self.until(lambda: isinstance(self.app.screen, Confirm) and self.app.screen)
        assert isinstance(screen, Confirm)
        assert question in screen.question
        await self.press("y")
        await self.until(lambda: self.app.screen is not screen)


Script = Callable[[Driver], Awaitable[None]]


class Drive(Protocol):
    def __call__(self, script: Script, size: tuple[int, int] = (80, 24)) -> None: ...


def run(script: Script, size: tuple[int, int]) -> None:
    """Run ``script`` against a screen that looks five times a second."""
    from pgjobs.cli.top.app import TopApp
    from pgjobs.cli.top.reader import Reader

    async def session() -> None:
        app = TopApp(reader, 0.2)
        async with app.run_test(size=size) as pilot:
            try:
                await script(Driver(app, pilot))
            finally:
                # In a loop each task has connections of its own.
                connections.close_all()

    reader = Reader()
    reader.start()
    try:
        asyncio.run(session())
    finally:
        reader.stop()
    assert not reader._thread.is_alive()
