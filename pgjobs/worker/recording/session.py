"""Replaces a session that PostgreSQL can't use any more, before a row is blamed for its errors."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

import psycopg

from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.errors import is_of_the_session

TRUSTED: Final = 1.0
"""Seconds in which the same errors in a new session are blamed on the rows: a broken trigger of the
project raises such errors for each of its rows, and must not cost a session for each."""

T = TypeVar("T")


class Session:
    """The session of an engine connection, which is replaced once it is out of date."""

    def __init__(self, connection: EngineConnection) -> None:
        self._connection = connection
        self._trusted_until = 0.0

    def run(self, write: Callable[[], T]) -> T:
        """Return what ``write`` returns; if the session may be to blame, call it in a new one."""
        try:
            return write()
        except psycopg.Error as error:
            if not is_of_the_session(error) or time.monotonic() < self._trusted_until:
                raise
        self._connection.close()
        self._trusted_until = time.monotonic() + TRUSTED
        return write()
