"""At a worker's start: whether the database is there, lets us in, and has our tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import psycopg
from django.db import DatabaseError, ProgrammingError

from pgjobs import events
from pgjobs.exceptions import DatabaseRefused
from pgjobs.worker.backoff import Backoff
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.leftovers import leave_clean
from pgjobs.worker.wakeup import Wakeup

# A refused connection brings no SQLSTATE along, only words; libpq keeps the code to itself. In
# another language than English nothing matches: the worker then waits, and its line has the words.
_REFUSALS: Final = re.compile(
    r"password authentication failed|no password supplied|authentication failed for user"
    r'|(database|role) ".*" does not exist|no pg_hba\.conf entry|is not permitted to log in'
    r"|permission denied for database"
)


class Arrival:
    """Begins the parts of a worker that need the database, as soon as it answers."""

    def __init__(self, wakeup: Wakeup, *, is_told_to_stop: Callable[[], bool]) -> None:
        self._wakeup = wakeup
        self._is_told_to_stop = is_told_to_stop
        self._backoff = Backoff()

    def begin(self, part: Callable[[], None]) -> bool:
        """Try until ``part`` has begun; False if we are told to stop before that."""
        while not self._is_told_to_stop():
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
    """Raise DatabaseRefused for what waiting does not mend."""
    if isinstance(error, (psycopg.ProgrammingError, ProgrammingError)):
        raise DatabaseRefused(
            f"The tables are not what this version needs: run manage.py migrate. ({_line(error)})"
        ) from error
    if _REFUSALS.search(str(error)):
        raise DatabaseRefused(
            f"The database does not let this worker in; look at DATABASES. ({_line(error)})"
        ) from error


def look_once(alias: str) -> None:
    """Raise DatabaseRefused where a worker could never start; be content if nobody answers yet."""
    connection = EngineConnection(alias, "start")
    try:
        connection.cursor().execute("SELECT FROM pgjobs_worker LIMIT 0")
    except psycopg.Error as error:
        refuse_if_hopeless(error)
    finally:
        with suppress(psycopg.Error):
            connection.close()


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
