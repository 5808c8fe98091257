"""Waiting for the end of a job, by a notification: the bell.

The caller inserts a row into the table of waiters, looks at the status of the job, and listens. The
statement that records the end of a job notifies the waiters in this table, in its own transaction.
If there are no waiters, the statement sends no notification. No end is missed:

- If the end commits before the look, the look finds the end.
- If the statement reads the table after the caller's INSERT, the statement notifies the caller.
- If the statement reads the table before the INSERT and commits after the look, the caller's next
  look finds the end. The next looks come after 0.05, 0.2 and 1 s, longer than a statement takes.

After that, the caller looks every two seconds. These looks find the ends without a notification: a
job that was cancelled while it waited, or that was ended by SQL or by a worker of an older release.
They also find all ends behind a pooler, where a session can't listen, unless
``PGJOBS["DIRECT_DATABASE"]`` names a direct connection. A caller that can't insert its row depends
on these looks alone: the schema may be older than the code, or the role may not insert.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import chain, repeat
from typing import Any, Final

import psycopg
from django.db import connections
from psycopg import sql

from pgjobs.choices import FINISHED
from pgjobs.conf import get_settings
from pgjobs.rows.rivalry import GAVE_WAY, TURNS
from pgjobs.showing import brief
from pgjobs.sql import load

_LOOKS: Final = (0.05, 0.2, 1.0)
"""Seconds before each of the looks that follow the look at the beginning."""
_SLOW: Final = 2.0
"""Seconds before each later look."""
_NO_BELL: Final = (
    psycopg.errors.UndefinedTable,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.ReadOnlySqlTransaction,
)
"""The errors of the INSERT after which a caller waits by looks alone.

In this order: the schema is of an older release, the role has no right to the table of waiters, or
the session is read-only.
"""


def until_ended(job_id: int, using: str, timeout: float | None) -> bool:
    """Wait until the job has finished; return False if other sessions do not see the job.

    Raises TimeoutError after ``timeout`` seconds; None waits without a limit. Raises ValueError for
    another kind of ``timeout``.
    """
    deadline = _deadline(timeout)
    with psycopg.connect(**_parameters(using), autocommit=True) as connection:
        if role := _role(using):
            connection.execute(role)
        waiter, bell = _come(connection, job_id)
        try:
            if bell:
                connection.execute(bell)
            for pause in _pauses():
                found = _insist(connection, *_look(job_id, waiter)).fetchone()
                if found is None or found[0] in FINISHED:
                    return found is not None
                left = _left(job_id, deadline, timeout)
                for _bell in connection.notifies(timeout=min(pause, left), stop_after=1):
                    pass
        finally:
            if waiter is not None:
                # The row goes by its age, and an error here would hide another one.
                with suppress(psycopg.Error):
                    _insist(connection, load("waiting/leave"), {"waiter": waiter})
    raise AssertionError("the pauses have no end")


async def until_ended_async(job_id: int, using: str, timeout: float | None) -> bool:
    """Do the same as ``until_ended()`` in an event loop."""
    deadline = _deadline(timeout)
    parameters = _parameters(using)
    async with await psycopg.AsyncConnection.connect(**parameters, autocommit=True) as connection:
        if role := _role(using):
            await connection.execute(role)
        waiter, bell = await _come_async(connection, job_id)
        try:
            if bell:
                await connection.execute(bell)
            for pause in _pauses():
                found = await (await _insist_async(connection, *_look(job_id, waiter))).fetchone()
                if found is None or found[0] in FINISHED:
                    return found is not None
                left = _left(job_id, deadline, timeout)
                async for _bell in connection.notifies(timeout=min(pause, left), stop_after=1):
                    pass
        finally:
            if waiter is not None:
                with suppress(psycopg.Error):
                    await _insist_async(connection, load("waiting/leave"), {"waiter": waiter})
    raise AssertionError("the pauses have no end")


def _come(connection: psycopg.Connection[Any], job_id: int) -> tuple[int | None, str]:
    """Insert the caller into the table of waiters; return the key of its row and the SQL to listen.

    The key is None if the INSERT is not possible. The SQL is empty behind a pooler.
    """
    try:
        come = _insist(connection, load("waiting/come"), {"job": job_id})
    except _NO_BELL:
        return None, ""
    return _place(connection, come.fetchone())


async def _come_async(
    connection: psycopg.AsyncConnection[Any], job_id: int
) -> tuple[int | None, str]:
    """Do the same as ``_come()`` in an event loop."""
    try:
        come = await _insist_async(connection, load("waiting/come"), {"job": job_id})
    except _NO_BELL:
        return None, ""
    return _place(connection, await come.fetchone())


def _insist(
    connection: psycopg.Connection[Any], statement: str, values: dict[str, int]
) -> psycopg.Cursor[Any]:
    """Execute ``statement``, again if PostgreSQL ended it in favour of another one.

    The role or the database may set an isolation level above ``read committed``.
    """
    for _ in range(TURNS - 1):
        with suppress(*GAVE_WAY):
            return connection.execute(statement, values)
        time.sleep(random.uniform(0, 0.05))
    return connection.execute(statement, values)


async def _insist_async(
    connection: psycopg.AsyncConnection[Any], statement: str, values: dict[str, int]
) -> psycopg.AsyncCursor[Any]:
    """Do the same as ``_insist()`` in an event loop."""
    for _ in range(TURNS - 1):
        with suppress(*GAVE_WAY):
            return await connection.execute(statement, values)
        await asyncio.sleep(random.uniform(0, 0.05))
    return await connection.execute(statement, values)


def _place(
    connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any], row: Any
) -> tuple[int, str]:
    waiter, channel, server_pid = _found(row)
    is_direct = connection.info.backend_pid == server_pid  # a pooler would show another pid
    return int(waiter), _listening(channel) if is_direct else ""


def _look(job_id: int, waiter: int | None) -> tuple[str, dict[str, int]]:
    """Return the statement that reads the status of the job, and its parameters."""
    if waiter is None:
        return load("waiting/look_without_bell"), {"job": job_id}
    return load("waiting/look"), {"job": job_id, "waiter": waiter}


def _listening(channel: str) -> str:
    """Return the statements with which a session listens to ``channel`` while it waits."""
    # A limit of the role or the database would end the session, which is idle while it waits.
    return f"SET idle_session_timeout = 0; LISTEN {channel}"


def _pauses() -> Iterator[float]:
    return chain(_LOOKS, repeat(_SLOW))


def _deadline(timeout: Any) -> float:
    if timeout is None:
        return math.inf
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or not timeout >= 0:
        raise ValueError(f"timeout must be seconds from 0, or None, not {brief(timeout)}.")
    return time.monotonic() + timeout


def _left(job_id: int, deadline: float, timeout: float | None) -> float:
    """Return the seconds until ``deadline``. Raises TimeoutError if it has passed."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError(f"Job {job_id} has not finished in {timeout:g} s.")
    return left


def _parameters(using: str) -> dict[str, Any]:
    """Return the parameters of a new session.

    The caller's session may be in a transaction, in which PostgreSQL delivers no notification.
    """
    parameters = connections[get_settings().DIRECT_DATABASE or using].get_connection_params()
    for key in ("cursor_factory", "context", "prepare_threshold", "autocommit"):
        parameters.pop(key, None)
    # A pooler may give each statement another session, so a prepared statement would be missing.
    return {"application_name": "pgjobs wait", **parameters, "prepare_threshold": None}


def _role(using: str) -> sql.Composed | None:
    """Return the statement that assumes the role of Django's connections."""
    alias = get_settings().DIRECT_DATABASE or using
    role = connections[alias].settings_dict["OPTIONS"].get("assume_role")
    return sql.SQL("SET ROLE {}").format(sql.Identifier(role)) if role else None


def _found(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    assert row is not None  # an INSERT returns its row
    return row
