"""Statements that change many jobs at once, on a cursor of Django or of the worker.

A job's status is written in few places: by `record()`, by a claim and a promotion, by
`JobQuerySet`, and by `execution.in_process` for a job that runs in the process of its caller. An
INSERT gives the first status.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Final

from pgjobs.rows.cursor import Cursor
from pgjobs.rows.notes import LogLine, Note, Progress
from pgjobs.sql import load

NOT_INSERTED: Final = (
    "PostgreSQL inserted no row for the job, and raised no error: look for a trigger on pgjobs_job "
    "that returns NULL."
)


def prune(
    cursor: Cursor, *, days: int, limit: int, passed_over: Iterable[int] = ()
) -> tuple[int, list[int]]:
    """Delete up to ``limit`` jobs that finished more than ``days`` ago.

    Return the number of deleted jobs, and the ids of jobs that stayed although no error came.
    """
    cursor.execute(load("prune"), {"days": days, "limit": limit, "passed_over": list(passed_over)})
    [(deleted, kept)] = cursor.fetchall()
    return deleted, sorted(kept)


def oldest(cursor: Cursor, *, days: int, passed_over: Iterable[int] = ()) -> int | None:
    """Return the id of the job that ``prune()`` would delete first; None if there is none."""
    cursor.execute(load("oldest"), {"days": days, "passed_over": list(passed_over)})
    return next((job_id for (job_id,) in cursor.fetchall()), None)


def delete(cursor: Cursor, *, ids: Iterable[int], statuses: Iterable[str]) -> list[int]:
    """Delete the jobs of ``ids`` that are still in one of ``statuses``; return their ids."""
    cursor.execute(load("delete"), {"ids": list(ids), "statuses": [str(s) for s in statuses]})
    return [job_id for (job_id,) in cursor.fetchall()]


def replace(cursor: Cursor, job_id: int) -> None:
    """Free the place of a job if it still waits: delete the job, or cancel it."""
    cursor.execute(load("replace"), {"id": job_id})


def locked(cursor: Cursor, ids: Iterable[int]) -> set[int]:
    """Return those of ``ids`` whose rows another transaction holds."""
    cursor.execute(load("locked"), {"ids": list(ids)})
    return {job_id for (job_id,) in cursor.fetchall()}


def write_notes(cursor: Cursor, notes: Sequence[Note]) -> None:
    """Write each job's latest progress, and append log lines.

    Each of the two statements locks its rows in the order of their ids: see ``rows.rivalry``.
    Together in one transaction they would not.
    """
    lines = [note for note in notes if isinstance(note, LogLine)]
    latest = {note.job_id: note for note in notes if isinstance(note, Progress)}
    if latest:
        _write_progress(cursor, sorted(latest.values(), key=attrgetter("job_id")))
    if lines:
        _write_lines(cursor, sorted(lines, key=attrgetter("job_id")))


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
