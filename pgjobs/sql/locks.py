"""The first keys of the engine's two-key advisory locks: each number stands here alone."""

from __future__ import annotations

from typing import Final

WORKER_LOCK: Final = 0x70676A77
"""``pgjw``, with a worker's id: held by the session of a worker for as long as it lives."""

HERE_LOCK: Final = 0x70676A68
"""``pgjh``, with a job's id: held while a process runs a job itself, outside any worker."""

BLOCK_LOCK: Final = 0x70676A62
"""``pgjb``, with the hash of a block of positions: held by a claim until it commits."""

_NUMBERS: Final = {
    "WORKER_LOCK": WORKER_LOCK,
    "HERE_LOCK": HERE_LOCK,
    "BLOCK_LOCK": BLOCK_LOCK,
}


def fill(statement: str) -> str:
    """Return ``statement`` with the numbers in the place of ``{WORKER_LOCK}`` and the like.

    Not by ``str.format()``: in statements ``'{}'`` is an empty array or JSON object.
    """
    for name, number in _NUMBERS.items():
        statement = statement.replace(f"{{{name}}}", str(number))
    return statement
