"""The first keys of the engine's two-key advisory locks: each number stands here alone."""

from __future__ import annotations

from typing import Final

WORKER_LOCK: Final = 0x70676A77
"""``pgjw``, with a worker's id: held by the session of a worker for as long as it lives."""

HERE_LOCK: Final = 0x70676A68
"""``pgjh``, with a job's id: held while a process runs a job itself, outside any worker."""


def fill(statement: str) -> str:
    """Return ``statement`` with the numbers in the place of ``{WORKER_LOCK}`` and ``{HERE_LOCK}``.

    Not by ``str.format()``: in statements ``'{}'`` is an empty array or JSON object.
    """
    for name, number in (("WORKER_LOCK", WORKER_LOCK), ("HERE_LOCK", HERE_LOCK)):
        statement = statement.replace(f"{{{name}}}", str(number))
    return statement
