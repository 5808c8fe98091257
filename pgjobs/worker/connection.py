"""The engine's own database connections, apart from those that jobs use."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connections

# With stale statistics the planner picks scans and joins that cost seconds instead of microseconds;
# all of the engine's statements are meant to walk their index, so its sessions say so.
_PINNED_PLANS = "SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
_SESSION = f"SET TimeZone = 'UTC'; SET idle_in_transaction_session_timeout = 0; {_PINNED_PLANS}"

# A claim that is lost in a server crash leaves its jobs pending, and the epoch refuses the old
# worker's outcome, so claims need not wait for the disk. Outcomes must.
LAZY_COMMIT = "SET synchronous_commit = off"


class EngineConnection:
    """One psycopg connection in autocommit mode, opened when first used and again after a loss.

    Not shared between threads.
    """

    def __init__(self, alias: str, purpose: str, *session: str) -> None:
        self.alias = alias
        self._purpose = purpose
        self._session = "; ".join((_SESSION, *session))
        self._connection: psycopg.Connection[Any] | None = None

    def get(self) -> psycopg.Connection[Any]:
        """Return the open connection; raise psycopg.OperationalError if there is no server."""
        if self._connection is None or self._connection.closed:
            self._connection = self._open()
        return self._connection

    def cursor(self) -> psycopg.Cursor[Any]:
        return self.get().cursor()

    @property
    def current(self) -> psycopg.Connection[Any] | None:
        """The connection if one is open, without opening one."""
        return self._connection

    def close(self) -> None:
        """Drop the connection, broken or not."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> psycopg.Connection[Any]:
        parameters = connections[self.alias].get_connection_params()
        for key in ("cursor_factory", "context", "prepare_threshold"):
            parameters.pop(key, None)  # Django's own; psycopg's defaults serve us better
        parameters["application_name"] = f"pgjobs {self._purpose}"
        connection = psycopg.connect(**parameters, autocommit=True)
        connection.execute(self._session)
        return connection
