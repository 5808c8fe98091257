"""The connections of the engine itself. Jobs use Django's connections instead."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from django.db import connections
from psycopg.sql import Literal

from pgjobs.conf import get_settings
from pgjobs.sql import load

# With stale statistics the planner picks scans and joins that take seconds instead of microseconds.
# Each statement of the engine is meant to walk its index, so the session forbids the other plans.
SETTINGS: Final = {
    "TimeZone": "'UTC'",
    # A role or a database may set other values. psycopg reads only these styles. Above `read
    # committed` a statement that waited for a row fails, because the row has changed.
    "DateStyle": "'ISO'",
    "IntervalStyle": "'postgres'",
    "array_nulls": "on",
    "default_transaction_isolation": "'read committed'",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_sort": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

# A role or a database may set limits that end a session which is slow or idle for long. The
# engine's sessions wait all day, so the limits would end them. The connections of jobs keep theirs.
_KILLERS: Final = ("statement_timeout", "idle_session_timeout")
_KILLERS_SINCE_17: Final = ("transaction_timeout",)
# A transaction of the engine never pauses. If one idles, its process was frozen or cut off, and the
# locks of this transaction would keep other workers from rescuing the jobs.
_STALLED: Final = {"idle_in_transaction_session_timeout": "'5s'"}

# A claim need not wait for the disk: if a server crash loses it, its jobs are pending again, and
# the epoch refuses the old worker's outcome.
LAZY_COMMIT: Final = {"synchronous_commit": "off"}
# An outcome is told once it is durable, even where the database does not wait for its disk. If the
# database waits for its standbys to apply each commit, the session keeps to that.
DURABLE_COMMIT: Final = {"synchronous_commit": "on"}
_STRONGER: Final = "remote_apply"

# If the server vanishes without closing the connection, the worker notices it in about six seconds
# instead of two hours. It then has time to connect again and send a heartbeat, before it must tell
# its jobs to stop.
NETWORK: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 6_000,
}


class EngineConnection:
    """One psycopg connection in autocommit mode, opened at the first use and after each loss.

    Only one thread may use it. Behind a pooler in transaction mode (pgbouncer) a session lasts for
    one transaction, and with it the session's settings, locks and notifications. ``has_session``
    is then False, and each statement brings its own settings.
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
        """The alias by which Django finds the rows; ``opened_by`` may name another alias to reach
        them by."""
        self.has_session = True
        self.longest_detour = 0.0
        """Seconds that can pass before a connection is open, if every host but the last is dead."""
        self._opened_by = opened_by or alias
        self._purpose = purpose
        self._settings = {**SETTINGS, **(settings or {})}
        self._of_connection: dict[str, str] = {}
        self._connection: psycopg.Connection[Any] | None = None

    @classmethod
    def with_session(
        cls, alias: str, purpose: str, settings: dict[str, str] | None = None
    ) -> EngineConnection:
        """Return a connection for work that needs a session, such as LISTEN and session locks.

        If ``PGJOBS["DIRECT_DATABASE"]`` is set, this alias opens it, past a pooler.
        """
        return cls(alias, purpose, settings, opened_by=get_settings().DIRECT_DATABASE)

    def get(self) -> psycopg.Connection[Any]:
        """Return the open connection. Raises psycopg.OperationalError if no server answers."""
        if self._connection is None or self._connection.closed:
            self._connection = self._open()
        return self._connection

    def cursor(self) -> psycopg.Cursor[Any]:
        """Return a cursor of the open connection, with the settings that its statements need."""
        connection = self.get()
        return connection.cursor() if self.has_session else _PooledCursor(connection, self._local)

    @property
    def current(self) -> psycopg.Connection[Any] | None:
        """The connection, or None if none was opened since the last ``close()``."""
        return self._connection

    def close(self) -> None:
        """Drop the connection, even if it is broken."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _open(self) -> psycopg.Connection[Any]:
        parameters = connections[self._opened_by].get_connection_params()
        for key in ("cursor_factory", "context", "prepare_threshold", "autocommit"):
            parameters.pop(key, None)  # Django's choices; the engine needs its own
        parameters = {**NETWORK, "application_name": f"pgjobs {self._purpose}", **parameters}
        other_hosts = str(parameters.get("host", "")).count(",")
        self.longest_detour = other_hosts * float(parameters["connect_timeout"] or 0)
        connection = _connect(parameters)
        self.has_session = is_our_session(connection)
        # Behind a pooler the default comes too late: the settings are made inside a transaction.
        connection.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        self._of_connection = {
            **unharmed(connection),
            **assumed_role(self._opened_by),
            **self._commit(connection),
        }
        if self.has_session:
            connection.execute(self._set("SET"))
        else:
            connection.prepare_threshold = None
        return connection

    def _commit(self, connection: psycopg.Connection[Any]) -> dict[str, str]:
        if not DURABLE_COMMIT.items() <= self._settings.items():
            return {}
        is_stronger = connection.execute(load("synchronous_commit")).fetchone() == (_STRONGER,)
        return {"synchronous_commit": _STRONGER} if is_stronger else {}

    @property
    def _local(self) -> str:
        return self._set("SET LOCAL")

    def _set(self, command: str) -> str:
        return as_statement(command, {**self._settings, **self._of_connection})


def _connect(parameters: dict[str, Any]) -> psycopg.Connection[Any]:
    """Return a new connection. Raises psycopg.OperationalError if none can be opened.

    psycopg waits for the server with a selector. If the socket of the connection has taken the last
    descriptor of the process, the selector gets none, and psycopg lets its OSError pass.
    """
    try:
        return psycopg.connect(**parameters, autocommit=True)
    except OSError as error:
        raise psycopg.OperationalError(str(error)) from error


class _PooledCursor(psycopg.Cursor[Any]):
    """Runs each statement in a transaction of its own, after the settings that it needs."""

    def __init__(self, connection: psycopg.Connection[Any], settings: str) -> None:
        super().__init__(connection)
        self._settings = settings

    def execute(self, *args: Any, **kwargs: Any) -> _PooledCursor:
        with self.connection.transaction():
            self.connection.execute(self._settings)
            return super().execute(*args, **kwargs)


def unharmed(connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any]) -> dict[str, str]:
    """Return the settings with which a session may wait outside a transaction without a limit."""
    newer = _KILLERS_SINCE_17 if connection.info.server_version >= 170000 else ()
    return {**dict.fromkeys((*_KILLERS, *newer), "0"), **_STALLED}


def assumed_role(alias: str) -> dict[str, str]:
    """Return the role that Django's connections to the database ``alias`` assume, as a setting."""
    role = connections[alias].settings_dict["OPTIONS"].get("assume_role")
    return {"role": Literal(role).as_string()} if role else {}


def as_statement(command: str, settings: dict[str, str]) -> str:
    """Return ``settings`` as SQL; ``command`` is ``SET`` or ``SET LOCAL``."""
    return "; ".join(f"{command} {name} = {value}" for name, value in settings.items())


def is_our_session(connection: psycopg.Connection[Any]) -> bool:
    """Return whether the session of the server belongs to this connection alone.

    A pooler invents the process id that it tells its clients, so the server's id differs.
    """
    row = connection.execute(load("backend_pid")).fetchone()
    return row is not None and row[0] == connection.info.backend_pid
