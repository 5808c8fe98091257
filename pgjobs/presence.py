"""How a process proves that it lives: session advisory locks.

PostgreSQL drops them the moment it notices that the connection is gone, which for
a killed process is at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

# First keys of two-key advisory locks: "pgjw" and "pgjh" as numbers.
WORKER_LOCK: Final = 0x70676A77
HERE_LOCK: Final = 0x70676A68


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
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", key)
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", key)
