"""How a process proves that it lives: session advisory locks.

PostgreSQL drops them the moment it notices that the connection is gone, which for
a killed process is at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connections

from pgjobs.conf import get_settings
from pgjobs.sql.locks import HERE_LOCK

# A pooler makes up the process id that it gives its clients; the server's own is another.
_LOCK_IN_OUR_SESSION: Final = """
SELECT pg_advisory_lock(%s, %s) FROM (SELECT pg_backend_pid() AS pid) AS server WHERE pid = %s
"""


@contextmanager
def held_here(connection: Any, job_id: int) -> Iterator[None]:
    """Hold the lock of a job that runs in this process outside any worker.

    Inside a transaction there is no need: nobody else sees the running row, and
    with the process it is gone.
    """
    if connection.in_atomic_block:
        yield
        return
    key = [HERE_LOCK, job_id % 2**31]
    with connection.cursor() as cursor:
        cursor.execute(_LOCK_IN_OUR_SESSION, [*key, connection.connection.info.backend_pid])
        is_our_session = cursor.fetchone() is not None
    if not is_our_session:
        with _held_past_pooler(connection, key):
            yield
        return
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)


@contextmanager
def _held_past_pooler(connection: Any, key: list[int]) -> Iterator[None]:
    """Hold the lock in a transaction of a connection of its own.

    As long as it is open a pooler lends the session to nobody else, and it ends with
    the process. It sees no rows, so it holds back no vacuum.
    """
    holder = connections.create_connection(get_settings().DIRECT_DATABASE or connection.alias)
    try:
        holder.set_autocommit(False)
        with holder.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            if holder.connection.info.server_version >= 170000:
                cursor.execute("SET LOCAL transaction_timeout = 0")
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", key)
        yield
    finally:
        holder.close()
