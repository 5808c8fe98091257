"""Deletes finished jobs, and the rows of ended workers, once they are past their retention."""

from __future__ import annotations

import time
from typing import Final

from pgjobs.conf import get_settings
from pgjobs.rows import statements
from pgjobs.rows.statements import PRUNE_BATCH
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection

_INTERVAL: Final = 60.0
"""Seconds until the next try, once nothing is left to delete."""


class Pruning:
    """Deletes one batch at each turn while there is more, and then rests."""

    def __init__(self) -> None:
        self._next_try = time.monotonic()

    def turn(self, connection: EngineConnection) -> None:
        days = get_settings().JOB_RETENTION
        if not days or time.monotonic() < self._next_try:
            return
        cursor = connection.cursor()
        if statements.prune(cursor, days=days, limit=PRUNE_BATCH) < PRUNE_BATCH:
            cursor.execute(load("workers/forget"), {"days": days})
            self._next_try = time.monotonic() + _INTERVAL
