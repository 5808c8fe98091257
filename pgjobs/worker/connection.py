"""The engine's own database connections, apart from those that jobs use."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from django.db import connections

from pgjobs.conf import get_settings

# With stale statistics the planner picks scans and joins that cost seconds instead of microseconds;
# all of the engine's statements are meant to walk their index, so its sessions say so.
SETTINGS: Final = {
    "TimeZone": "'UTC'",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

# What ends sessions that do little for long, which is what the engine's own do all day: they wait.
# A role or a database may bring such limits along; jobs' own connections keep them.
_KILLERS: Final = ("statement_timeout", "idle_session_timeout")
_KILLERS_SINCE_17: Final = ("transaction_timeout",)
# But our transactions ask and write without a pause. One that idles belongs to a process that was
# frozen or cut off in the middle of it, and what it holds locked would keep others from the rescue.
_STALLED: Final = {"idle_in_transaction_session_timeout": "'5s'"}

# A claim that is lost in a server crash leaves its jobs pending, and the epoch refuses the old
# worker's outcome, so claims need not wait for the disk. Outcomes must.
LAZY_COMMIT: Final = {"synchronous_commit": "off"}

# A peer that vanished without a word is noticed in about six seconds instead of two hours: soon
# enough to connect anew and beat before our jobs are told to stop.
NETWORK: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 6_000,
}


class EngineConnection:
    """One psycopg connection in autocommit mode, opened when first used and again after a loss.

    Not shared between threads. Behind a pooler that hands out sessions by the
    transaction (pgbouncer), a session's settings, locks and notifications belong to
    nobody: ``has_session`` says so, and each statement brings its own settings.
    """

    def __init__(
        self,
        alias: str,
        purpose: str,
        settings: dict[str, str] | None = None,
        *,
        opened_by: str = "",
    ) -> None:
        self.alias = alias
        """Where Django finds the same rows; ``opened_by`` may name another way to them."""
        self.has_session = True
        self.longest_detour = 0.0
        """Seconds that hosts which don't answer can take before the one that does."""
        self._opened_by = opened_by or alias
        self._purpose = purpose
        self._settings = {**SETTINGS, **(settings or {})}
        self._unharmed: dict[str, str] = {}
        self._connection: psycopg.Connection[Any] | None = None

    @classmethod
    def with_session(
        cls, alias: str, purpose: str, settings: dict[str, str] | None = None
    ) -> EngineConnection:
        """Return a connection that wants a session, by ``PGJOBS["DIRECT_DATABASE"]`` if set."""
        return cls(alias, purpose, settings, opened_by=get_settings().DIRECT_DATABASE)

    def get(self) -> psycopg.Connection[Any]:
        """Return the open connection; raise psycopg.OperationalError if there is no server."""
        if self._connection is None or self._connection.closed:
            self._connection = self._open()
        return self._connection

    def cursor(self) -> psycopg.Cursor[Any]:
        connection = self.get()
        return connection.cursor() if self.has_session else _PooledCursor(connection, self._local)

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
        parameters = connections[self._opened_by].get_connection_params()
        for key in ("cursor_factory", "context", "prepare_threshold"):
            parameters.pop(key, None)  # Django's own; psycopg's defaults serve us better
        parameters = {**NETWORK, "application_name": f"pgjobs {self._purpose}", **parameters}
        other_hosts = str(parameters.get("host", "")).count(",")
        self.longest_detour = other_hosts * float(parameters["connect_timeout"] or 0)
        connection = psycopg.connect(**parameters, autocommit=True)
        self.has_session = is_our_session(connection)
        self._unharmed = unharmed(connection)
        if self.has_session:
            connection.execute(self._set("SET"))
        else:
            connection.prepare_threshold = None
        return connection

    @property
    def _local(self) -> str:
        return self._set("SET LOCAL")

    def _set(self, command: str) -> str:
        return as_statement(command, {**self._settings, **self._unharmed})


class _PooledCursor(psycopg.Cursor[Any]):
    """Runs each statement in a transaction of its own, with the settings it needs."""

    def __init__(self, connection: psycopg.Connection[Any], settings: str) -> None:
        super().__init__(connection)
        self._settings = settings

    def execute(self, *args: Any, **kwargs: Any) -> _PooledCursor:
        with self.connection.transaction():
            self.connection.execute(self._settings)
            return super().execute(*args, **kwargs)


def unharmed(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> dict[str, str]:
    """Return the settings under which a session of this server may wait for as long as it likes,
    outside of a transaction."""
    newer = _KILLERS_SINCE_17 if connection.info.server_version >= 170000 else ()
    return {**dict.fromkeys((*_KILLERS, *newer), "0"), **_STALLED}


def as_statement(command: str, settings: dict[str, str]) -> str:
    """Return ``settings`` as SQL; ``command`` is ``SET`` or ``SET LOCAL``."""
    return "; ".join(f"{command} {name} = {value}" for name, value in settings.items())


def is_our_session(connection: psycopg.Connection[Any]) -> bool:
    """A pooler makes up the process id that it gives its clients; the server's own is another."""
    row = connection.execute("SELECT pg_backend_pid()").fetchone()
    return row is not None and row[0] == connection.info.backend_pid
