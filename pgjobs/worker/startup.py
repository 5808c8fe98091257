"""Waits for the database at the start of a worker, and tells where a wait would be in vain."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import psycopg
from django.db import DatabaseError, DataError

from pgjobs import events
from pgjobs.exceptions import DatabaseRefused
from pgjobs.sql import load
from pgjobs.worker.backoff import Backoff
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.errors import is_misfit
from pgjobs.worker.leftovers import leave_clean
from pgjobs.worker.stop_order import StopOrder
from pgjobs.worker.wakeup import Wakeup

# If a connection is refused, libpq passes on the text of the error but not its SQLSTATE. In another
# language than English no text matches: the worker then waits, and logs the text.
_REFUSALS: Final = re.compile(
    r"password authentication failed|no password supplied|authentication failed for user"
    r'|(database|role) ".*" does not exist|no pg_hba\.conf entry|is not permitted to log in'
    r"|permission denied for database"
)


class Arrival:
    """Starts parts of a worker that need the database, as soon as it answers."""

    def __init__(self, wakeup: Wakeup, stop_order: StopOrder) -> None:
        self._wakeup = wakeup
        self._stop_order = stop_order
        self._backoff = Backoff()

    def begin(self, part: Callable[[], None]) -> bool:
        """Call ``part`` until it succeeds; return False if a stop order comes before that.

        Raises DatabaseRefused if no later try can succeed.
        """
        while not self._stop_order.is_given:
            try:
                part()
            except (psycopg.Error, DatabaseError) as error:
                refuse_if_hopeless(error)
                if self._backoff.is_news:
                    events.tell(events.DatabaseAway("starting", _line(error)))
                leave_clean()
                self._wakeup.wait(self._backoff.next())
            else:
                self._backoff.reset()
                return True
        return False


def refuse_if_hopeless(error: psycopg.Error | DatabaseError) -> None:
    """Raise DatabaseRefused if waiting does not mend ``error``."""
    if is_misfit(error):
        raise DatabaseRefused(
            f"The tables are not what this version needs: run manage.py migrate. ({_line(error)})"
        ) from error
    if isinstance(error, (psycopg.DataError, DataError)):
        raise DatabaseRefused(
            f"The database can't store what this worker writes at its start. ({_line(error)})"
        ) from error
    if _REFUSALS.search(str(error)):
        raise DatabaseRefused(
            f"The database does not let this worker in; look at DATABASES. ({_line(error)})"
        ) from error


def look_once(alias: str) -> None:
    """Raise DatabaseRefused if no worker can start here. A server that does not answer may yet."""
    connection = EngineConnection(alias, "start")
    try:
        connection.cursor().execute(load("workers/probe"))
    except psycopg.Error as error:
        refuse_if_hopeless(error)
    finally:
        with suppress(psycopg.Error):
            connection.close()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
