"""Time travel: the moment that the engine, its database and Django take for now.

The engine judges by the clock of the database: see ``travelled_sessions``. Python's own clock
stays. Only ``django.utils.timezone.now()`` is moved, which Django and pgjobs call: see
``travelled_python``.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self

from asgiref.sync import sync_to_async
from django.utils import timezone

from pgjobs.limits import END_OF_TIME, FIRST_MOMENT, is_moment
from pgjobs.models.job_database import database_now
from pgjobs.showing import brief
from pgjobs.testing import travelled_python, travelled_sessions

_UNDER_WAY: Final[list[Travel]] = []
"""The travels of this process that have begun and not ended: their spans add up."""


class Travel:
    """A time travel. It lasts from the start to the end of its ``with`` block."""

    def __init__(self, to: datetime | timedelta) -> None:
        self._to = to
        self._by_database = self._by_python = timedelta()
        self._has_begun = False

    def begin(self) -> None:
        """Set out. Raises ValueError for a moment that the engine can't take for now."""
        if self._has_begun:
            raise RuntimeError("A time travel begins once. Call time_travel() for another one.")
        _check(self._to)
        self._has_begun = True
        _UNDER_WAY.append(self)
        try:
            travelled_sessions.set_out()
            self._go(self._to)
        except BaseException:
            self.end()
            raise

    def move(self, to: datetime | timedelta) -> None:
        """Travel on, to a moment or by a span; a negative span leads back.

        Raises ValueError for a moment without a time zone, and for one that no job can have.
        Raises RuntimeError before the start and after the end of the travel.
        """
        if self not in _UNDER_WAY:
            raise RuntimeError("This time travel is not under way: move it inside its block.")
        _check(to)
        self._go(to)

    def now(self) -> datetime:
        """Return the moment that the engine takes for now."""
        return database_now()

    def end(self) -> None:
        """Go back to where this travel began; do nothing if it has ended."""
        if self not in _UNDER_WAY:
            return
        _UNDER_WAY.remove(self)
        travelled_python.move_to(_by_python())
        travelled_sessions.go_back(_by_database(), is_home=not _UNDER_WAY)

    def _go(self, to: datetime | timedelta) -> None:
        travelled_sessions.move_to(_by_database())  # a rollback may have led this session back
        now = database_now()
        span = to if isinstance(to, timedelta) else to - now
        if not _is_within_reach(now, span):
            raise ValueError(
                f"A time travel leads to a moment from {FIRST_MOMENT} until before {END_OF_TIME}, "
                f"which jobs can have, and {brief(to)} does not."
            )
        self._by_python += to if isinstance(to, timedelta) else to - timezone.now()
        self._by_database += span
        travelled_sessions.move_to(_by_database())
        travelled_python.move_to(_by_python())

    def __enter__(self) -> Self:
        if self not in _UNDER_WAY:  # the fixture and the mixin have begun it
            self.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.end()

    async def __aenter__(self) -> Self:
        return await sync_to_async(self.__enter__)()

    async def __aexit__(self, *error: Any) -> None:
        await sync_to_async(self.end)()


def time_travel(to: datetime | timedelta) -> Travel:
    """Let the engine take another moment for now, in the block of ``with`` or ``async with``.

    ``to`` is an aware datetime, or a timedelta from now. Time goes on from there. Schedules,
    retries, retention and the moments in rows follow, in this thread's connection and in
    connections that are opened inside the block, such as those of `live_worker()`.
    ``timezone.now()`` follows in all threads.

    The start of the block raises ValueError for a moment without a time zone, and for one that no
    job can have.
    """
    return Travel(to)


def _by_database() -> timedelta:
    return sum((each._by_database for each in _UNDER_WAY), timedelta())


def _by_python() -> timedelta:
    return sum((each._by_python for each in _UNDER_WAY), timedelta())


def _check(to: Any) -> None:
    if isinstance(to, timedelta) or (isinstance(to, datetime) and timezone.is_aware(to)):
        return
    raise ValueError(
        f"A time travel leads to an aware datetime or over a timedelta, not to {brief(to)}."
    )


def _is_within_reach(now: datetime, span: timedelta) -> bool:
    try:
        return is_moment(now + span)
    except OverflowError:
        return False
