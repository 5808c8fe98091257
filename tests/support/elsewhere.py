"""Acts of others, on a connection or in a process of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from django.db import connection, connections

from tests.support.warm_process import WarmProcess

T = TypeVar("T")


def elsewhere(act: Callable[[], T]) -> Future[T]:
    """Begin ``act`` on another connection, and return its future."""

    def act_and_leave() -> T:
        try:
            return act()
        finally:
            connections.close_all()

    executor = ThreadPoolExecutor(1)
    future = executor.submit(act_and_leave)
    executor.shutdown(wait=False)
    return future


def in_another_process(environment: Mapping[str, str], code: str, output: int = 2) -> WarmProcess:
    """Run ``code`` in another process, with Django set up and the test app's jobs imported.

    ``output`` is the descriptor that its standard output and error go to.
    """
    setup = "import django; django.setup(); from tests.apps.testapp.jobs import *; "
    return WarmProcess(environment, code=setup + code, output=output)


def is_waited_for() -> bool:
    """Return whether another connection waits for a lock that this one holds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks "
            "WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
        )
        return bool(cursor.fetchone()[0])
