"""Statements that change many jobs at once, on a cursor of Django or of the worker.

A job's status is written in few places: by the statements here, by a claim, by `JobQuerySet`, and
by `execution.in_process` for a job that runs in the process of its caller. An INSERT gives the
first status.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol

from pgjobs.rows.failure import shown
from pgjobs.rows.notes import LogLine, Note, Progress
from pgjobs.rows.outcome import Outcome
from pgjobs.sql import load


class Cursor(Protocol):
    """The methods of a cursor that the statements call."""

    def execute(self, query: Any, params: Any = ..., /) -> Any: ...
    def fetchall(self) -> list[Any]: ...


class Recorded(NamedTuple):
    """An outcome that was accepted. The moments are None if they were not asked for."""

    id: int
    status: str
    started: datetime | None
    completed: datetime | None


def record(
    cursor: Cursor, outcomes: Sequence[Outcome], *, moments: bool = False
) -> dict[int, Recorded]:
    """Write ``outcomes``, insert the successors, and return the accepted outcomes by job id.

    The other outcomes were stale: the row has another epoch or worker, or the job is not
    running any more. With ``moments`` the answer also has the moments of the database's
    clock at which each run began and ended.
    """
    now = time.monotonic()
    cursor.execute(
        load("record"),
        {
            "ids": _array([str(o.job_id) for o in outcomes]),
            "epochs": _array([str(o.epoch) for o in outcomes]),
            "workers": _array(
                ["NULL" if o.worker_id is None else str(o.worker_id) for o in outcomes]
            ),
            "statuses": _array([o.status for o in outcomes]),
            "began": _array([_age(now, o.began) for o in outcomes]),
            "ended": _array([_age(now, o.ended) for o in outcomes]),
            "errors": _unless_empty([_error(o) for o in outcomes]),
            "failures": _unless_empty(
                [json.dumps(asdict(o.failure)) if o.failure else None for o in outcomes]
            ),
            "data": _unless_empty([o.data for o in outcomes]),
            "results": _unless_empty([o.result for o in outcomes]),
            "delays": _unless_empty(
                [None if o.delay is None else o.delay.total_seconds() for o in outcomes]
            ),
            "due": _unless_empty([o.due for o in outcomes]),
            "attempts_back": _unless_empty([o.attempts_back or None for o in outcomes]),
            "interruptions": _unless_empty([o.interruptions or None for o in outcomes]),
            "moments": moments,
        },
    )
    return {row[0]: Recorded(*row) for row in cursor.fetchall()}


def _age(now: float, moment: float) -> str:
    """Return how long ago ``moment`` of the monotonic clock was, in seconds, or "NULL" for 0.

    `repr` would take twice as long, for digits that PostgreSQL does not keep.
    """
    return "%.6f" % (now - moment) if moment else "NULL"


def _array(values: list[str]) -> str:
    """Return numbers or names as the text of an array. A list takes psycopg ten times as long."""
    return f"{{{','.join(values)}}}"


def _unless_empty(values: list[Any]) -> list[Any] | None:
    """Return ``values``, or None if all are None: `unnest` reads a missing array as nulls.

    So a detail that no outcome of the batch has costs nothing.
    """
    return None if all(value is None for value in values) else values


def _error(outcome: Outcome) -> str | None:
    error: object = outcome.error  # run() may have set job.error to a value of any type
    return None if type(error) is str and not error else shown(error, str)


def already_recorded(cursor: Cursor, outcomes: Sequence[Outcome]) -> dict[int, Recorded]:
    """Return the ``outcomes`` that an earlier ``record()`` wrote, by job id.

    A connection can break after the commit and before the answer, so the worker asks.
    """
    cursor.execute(
        load("already_recorded"),
        {
            "ids": [o.job_id for o in outcomes],
            "epochs": [o.epoch for o in outcomes],
            "statuses": [str(o.status) for o in outcomes],
        },
    )
    return {row[0]: Recorded(*row) for row in cursor.fetchall()}


def promote(cursor: Cursor, *, limit: int) -> list[str]:
    """Make up to ``limit`` due jobs pending; return the queue of each."""
    cursor.execute(load("promote"), {"limit": limit})
    return [queue for (queue,) in cursor.fetchall()]


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
