"""The workers of a run. A process that is taken for dead goes on under another identity."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from math import inf


@dataclass(frozen=True, kw_only=True)
class Identity:
    id: int
    pid: int
    began: float
    ended: float
    """When the worker signed off or was rescued from, by the clock of the journal."""


def identities(rows: Iterable[tuple[int, int, datetime, datetime | None]]) -> list[Identity]:
    ahead = time.time() - time.monotonic()
    return [
        Identity(
            id=id,
            pid=pid,
            began=started.timestamp() - ahead,
            ended=stopped.timestamp() - ahead if stopped else inf,
        )
        for id, pid, started, stopped in rows
    ]
