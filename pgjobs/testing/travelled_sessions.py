"""The sessions of a database that have travelled.

A session that travels has functions with the names of PostgreSQL's clocks in front of its search
path, and a setting with the seconds that it has travelled. The defaults, views and functions of
pgjobs are bound to these functions while a travel lasts: see ``sql/travel/bind.sql``. In a
``TestCase`` all this is rolled back with the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db import connections
from psycopg.pq import TransactionStatus

from pgjobs.conf import get_settings
from pgjobs.models import Job
from pgjobs.models.job_database import job_database
from pgjobs.sql import load

_FRONT: Final = "pgjobs_travel, pg_catalog, "


@dataclass(frozen=True)
class _Home:
    """The sessions as they were before the first travel."""

    path: str
    """The search path."""
    startup: str
    """The options that libpq sends to the server, of whatever source."""
    options: dict[str, dict[str, Any]]
    """OPTIONS of each alias by which the database is reached."""


_home: _Home | None = None


def set_out() -> None:
    """Bind pgjobs to the clock of travels, if no travel has done so."""
    global _home
    path, has_clock = _where()
    if _home is None:
        _home = _home_of(path)
    if not (path.startswith(_FRONT) and has_clock):
        _bind(is_away=True)


def move_to(span: timedelta) -> None:
    """Let this thread's sessions, and those that are opened from now on, be ``span`` away."""
    assert _home is not None  # `set_out()` was called
    seconds, path = str(span.total_seconds()), _FRONT + _home.path
    _set(seconds, path)
    startup = f"{_home.startup} {_startup(seconds, path)}".strip()
    for alias, options in _home.options.items():
        connections[alias].settings_dict["OPTIONS"] = {**options, "options": startup}
        _close_pool(alias)


def go_back(span: timedelta, *, is_home: bool) -> None:
    """Let the sessions be ``span`` away; with ``is_home``, let them be as before all travels."""
    global _home
    if _home is None:  # the first travel did not set out
        return
    try:
        if _takes_statements():
            _lead_back(_home, span, is_home=is_home)
        # Otherwise the rollback undoes the travel.
    finally:
        if is_home:
            for alias, options in _home.options.items():
                connections[alias].settings_dict["OPTIONS"] = options
                _close_pool(alias)
            _home = None


def _lead_back(home: _Home, span: timedelta, *, is_home: bool) -> None:
    path, has_clock = _where()
    if not path.startswith(_FRONT):  # a rollback has undone the travel
        return
    if not is_home:
        move_to(span)
        return
    _set("0", home.path)
    if has_clock:
        _bind(is_away=False)


def _home_of(path: str) -> _Home:
    database = job_database()
    aliases = {database, get_settings().DIRECT_DATABASE or database}
    return _Home(
        path=path.removeprefix(_FRONT),
        startup=connections[database].connection.info.options,
        options={alias: connections[alias].settings_dict["OPTIONS"] for alias in aliases},
    )


def _set(seconds: str, path: str) -> None:
    for connection in _open_connections():
        with connection.cursor() as cursor:
            cursor.execute(load("travel/session"), {"seconds": seconds, "path": path})


def _open_connections() -> Iterator[Any]:
    """Yield this thread's connections; a second way to the database may have none yet."""
    assert _home is not None
    for alias in _home.options:
        if connections[alias].connection is not None:
            yield connections[alias]


def _close_pool(alias: str) -> None:
    """Close the pool of ``alias``: its sessions were opened in another time.

    The session of this thread stays open until the thread gives it back.
    """
    connection: Any = connections[alias]
    if connection.settings_dict["OPTIONS"].get("pool"):
        connection.close_pool()


def _where() -> tuple[str, bool]:
    """Return this thread's search path, and whether the database has the clock of travels."""
    with connections[job_database()].cursor() as cursor:
        cursor.execute(load("travel/where"))
        path, has_clock = cursor.fetchone()
    return path, has_clock


def _startup(seconds: str, path: str) -> str:
    """Return the options by which libpq opens a session that has travelled."""
    escaped = path.replace("\\", "\\\\").replace(" ", "\\ ")
    return f"-c pgjobs.travelled={seconds} -c search_path={escaped}"


def _takes_statements() -> bool:
    """Return whether the session takes a statement: a transaction that failed takes none.

    Outside a transaction, a session that the server has ended makes way for a new one.
    """
    connection = connections[job_database()]
    raw = connection.connection
    if not connection.in_atomic_block and raw is not None and not connection.is_usable():
        connection.close()
        return True
    is_broken = raw is not None and raw.info.transaction_status == TransactionStatus.INERROR
    return not (connection.needs_rollback or is_broken)


def _bind(*, is_away: bool) -> None:
    parameters: dict[str, Any] = {"jobs": Job._meta.db_table, "is_away": is_away}
    with connections[job_database()].cursor() as cursor:
        if is_away:
            cursor.execute(load("travel/clock"))
            cursor.execute(load("travel/bind"))
        cursor.execute(load("travel/rebind"), parameters)
