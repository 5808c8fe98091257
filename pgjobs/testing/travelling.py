"""Time travel: the moment that the engine, its database and Django take for now.

The engine judges by the clock of the database. A session that travels has functions with the names
of PostgreSQL's clocks in front of its search path, and a setting with the seconds that it has
travelled. The defaults, views and functions of pgjobs are bound to these functions while a travel
lasts: see ``sql/travel/bind.sql``. In a ``TestCase`` all this is rolled back with the test.

Python's own clock stays. Only ``django.utils.timezone.now()`` is moved, which Django and pgjobs
call.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from unittest import mock

from django.db import connections
from django.utils import timezone
from psycopg.pq import TransactionStatus

from pgjobs.conf import get_settings
from pgjobs.models import Job
from pgjobs.models.job_database import database_now, job_database
from pgjobs.showing import brief
from pgjobs.sql import load

_FRONT: Final = "pgjobs_travel, pg_catalog, "


class Travel:
    """A time travel that is under way."""

    def __init__(self, sessions: _Sessions) -> None:
        self._sessions = sessions
        self._by_python = timedelta()

    def move(self, to: datetime | timedelta) -> None:
        """Travel on, to a moment or by a span; a negative span leads back.

        Raises ValueError for a moment without a time zone.
        """
        if isinstance(to, timedelta):
            in_database = in_python = to
        elif _is_moment(to):
            in_database, in_python = to - database_now(), to - timezone.now()
        else:
            raise ValueError(
                f"A time travel leads to an aware datetime or over a timedelta, not to {brief(to)}."
            )
        self._sessions.move(in_database)
        self._by_python += in_python

    def now(self) -> datetime:
        """Return the moment that the engine takes for now."""
        return database_now()

    @contextmanager
    def of_python(self) -> Iterator[None]:
        """Let ``timezone.now()`` follow this travel."""
        before = timezone.now

        def now() -> datetime:
            return before() + self._by_python

        with mock.patch.object(timezone, "now", now):
            yield


def _is_moment(value: Any) -> bool:
    return isinstance(value, datetime) and timezone.is_aware(value)


@contextmanager
def time_travel(to: datetime | timedelta) -> Iterator[Travel]:
    """Let the engine take another moment for now, inside the block; time goes on from there.

    ``to`` is an aware datetime, or a timedelta from now. Schedules, retries, retention and the
    moments in rows follow, in this thread's connection and in connections that are opened inside
    the block, such as those of `live_worker()`. ``timezone.now()`` follows in all threads.

    Raises ValueError for a moment without a time zone.
    """
    with _sessions_that_travel() as sessions:
        travel = Travel(sessions)
        with travel.of_python():
            travel.move(to)
            yield travel


class _Sessions:
    """The sessions of this thread and those to come, with their place in time."""

    def __init__(self) -> None:
        database = job_database()
        self.aliases = {database, get_settings().DIRECT_DATABASE or database}
        with connections[database].cursor() as cursor:
            cursor.execute(load("travel/where"))
            self.seconds, self.path = cursor.fetchone()
        self.are_away = self.path.startswith(_FRONT)
        """Whether an outer travel has set out with them."""
        self._travelled = timedelta()

    def move(self, span: timedelta) -> None:
        self._travelled += span
        seconds = str(float(self.seconds) + self._travelled.total_seconds())
        self.set(seconds, self.path if self.are_away else _FRONT + self.path)

    def set(self, seconds: str, path: str) -> None:
        for alias in self.aliases:
            if (connection := connections[alias]).connection is not None:
                with connection.cursor() as cursor:
                    cursor.execute(load("travel/session"), {"seconds": seconds, "path": path})
            options = connection.settings_dict["OPTIONS"]
            startup = f"{options.get('options', '')} {_startup(seconds, path)}".strip()
            connection.settings_dict["OPTIONS"] = {**options, "options": startup}


def _startup(seconds: str, path: str) -> str:
    """Return the options by which libpq opens a session that has travelled."""
    escaped = path.replace("\\", "\\\\").replace(" ", "\\ ")
    return f"-c pgjobs.travelled={seconds} -c search_path={escaped}"


@contextmanager
def _sessions_that_travel() -> Iterator[_Sessions]:
    sessions = _Sessions()
    options = {alias: connections[alias].settings_dict["OPTIONS"] for alias in sessions.aliases}
    if not sessions.are_away:
        _bind(is_away=True)
    try:
        yield sessions
    finally:
        try:
            if not _must_roll_back():  # the rollback undoes all this, too
                sessions.set(sessions.seconds, sessions.path)
                if not sessions.are_away:
                    _bind(is_away=False)
        finally:
            for alias in sessions.aliases:
                connections[alias].settings_dict["OPTIONS"] = options[alias]


def _must_roll_back() -> bool:
    """Return whether the transaction of the test takes no statement any more."""
    connection = connections[job_database()]
    raw = connection.connection
    is_broken = raw is not None and raw.info.transaction_status == TransactionStatus.INERROR
    return connection.needs_rollback or is_broken


def _bind(*, is_away: bool) -> None:
    parameters: dict[str, Any] = {"jobs": Job._meta.db_table, "is_away": is_away}
    with connections[job_database()].cursor() as cursor:
        if is_away:
            cursor.execute(load("travel/clock"))
            cursor.execute(load("travel/bind"))
        cursor.execute(load("travel/rebind"), parameters)
