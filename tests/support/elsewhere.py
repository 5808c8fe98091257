"""What another process would do meanwhile: on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, connections

T = TypeVar("T")


def elsewhere(act: Callable[[], T]) -> Future[T]:
    """Begin ``act`` on another connection; ask the future for its end."""

    def act_and_leave() -> T:
        try:
            return act()
        finally:
            connections.close_all()

    executor = ThreadPoolExecutor(1)
    future = executor.submit(act_and_leave)
    executor.shutdown(wait=False)
    return future


def is_waited_for() -> bool:
    """Say whether another connection waits for a lock that this one holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks "
            "WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])
