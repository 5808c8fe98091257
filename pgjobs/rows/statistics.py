"""Merges counted ends into the statistics, and deletes statistics past their retention."""

from __future__ import annotations

from typing import Final

from pgjobs.conf import LONGEST_RETENTION, get_settings
from pgjobs.rows.cursor import Cursor
from pgjobs.sql import load

BATCH: Final = 10_000
"""Counted rows that one statement merges at most; it takes some tenths of a second."""
MOST_FAILURE_KINDS: Final = 1000
"""Kinds of failure that are kept, the last seen ones."""
_MERGE: Final = load("statistics/merge").replace("{fits}", load("statistics/fits"))


def merge(cursor: Cursor, limit: int = BATCH) -> bool:
    """Merge up to ``limit`` counted rows; return whether there may be more."""
    cursor.execute(_MERGE, {"limit": limit})
    [(merged,)] = cursor.fetchall()
    return bool(merged >= limit)


def forget(cursor: Cursor) -> None:
    """Delete periods past their retention, and kinds of failure beyond the most that are kept."""
    settings = get_settings()
    cursor.execute(
        load("statistics/forget"),
        {
            "minutes": settings.STATISTICS_MINUTES,
            "hours": settings.STATISTICS_HOURS,
            "days": settings.STATISTICS_DAYS or LONGEST_RETENTION,
            "kinds": MOST_FAILURE_KINDS,
        },
    )
