"""The statement that wakes idle workers, for enqueuers and for workers that give jobs back."""

from __future__ import annotations

from collections.abc import Iterable

from pgjobs.rows.cursor import Cursor
from pgjobs.sql import load


def wake_idle_workers(cursor: Cursor, queues: Iterable[str], *, workers: int) -> None:
    """Wake up to ``workers`` idle workers that serve one of ``queues``."""
    cursor.execute(load("doorbell/ring"), {"queues": sorted(set(queues)), "workers": workers})
