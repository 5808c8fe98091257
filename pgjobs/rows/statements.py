"""Statements that change many jobs at once, on a cursor of Django or of the worker.

A job's status is written in few places: by `record()`, by a claim and a promotion, by
`JobQuerySet`, and by `execution.in_process` for a job that runs in the process of its caller. An
INSERT gives the first status.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from typing import Final

from pgjobs.rows.cursor import Cursor
from pgjobs.rows.notes import LogLine, Note, Progress
from pgjobs.sql import load

PRUNE_BATCH: Final = 1000
"""Jobs that one ``prune()`` should delete at most: a larger DELETE would hold back the vacuum."""


def prune(cursor: Cursor, *, days: int, limit: int) -> int:
    """Delete up to ``limit`` jobs that finished more than ``days`` ago; return their number."""
    cursor.execute(load("prune"), {"days": days, "limit": limit})
    count: int = cursor.fetchall()[0][0]
    return count


def delete(cursor: Cursor, ids: Iterable[int], *, statuses: Iterable[str]) -> list[int]:
    """Delete the jobs of ``ids`` that are still in one of ``statuses``; return their ids."""
    cursor.execute(load("delete"), {"ids": list(ids), "statuses": [str(s) for s in statuses]})
    return [job_id for (job_id,) in cursor.fetchall()]


def write_notes(cursor: Cursor, notes: Sequence[Note]) -> None:
    """Append log lines, and write each job's latest progress."""
    # Sorted by job, because the statement locks the rows one after the other. If two statements
    # locked them in different orders, they could wait for each other.
    lines = sorted(
        (note for note in notes if isinstance(note, LogLine)), key=lambda line: line.job_id
    )
    latest = {note.job_id: note for note in notes if isinstance(note, Progress)}
    if lines:
        _write_lines(cursor, lines)
    if latest:
        _write_progress(cursor, list(latest.values()))


def _write_lines(cursor: Cursor, lines: Sequence[LogLine]) -> None:
    now = time.monotonic()
    cursor.execute(
        load("log"),
        {
            "jobs": [line.job_id for line in lines],
            "attempts": [line.attempt for line in lines],
            "ages": [now - line.at for line in lines],
            "levels": [line.level[:20] for line in lines],
            "messages": [line.message for line in lines],
        },
    )


def _write_progress(cursor: Cursor, progress: Sequence[Progress]) -> None:
    cursor.execute(
        load("progress"),
        {
            "jobs": [latest.job_id for latest in progress],
            "epochs": [latest.epoch for latest in progress],
            "progress": [
                json.dumps({"done": latest.done, "total": latest.total, "message": latest.message})
                for latest in progress
            ],
        },
    )
