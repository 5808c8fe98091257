"""The statements that end attempts, and insert the successors of recurring jobs."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict
from operator import attrgetter
from typing import Any, Final

from pgjobs.choices import JobStatus
from pgjobs.rows.accepted import Recorded
from pgjobs.rows.cursor import Cursor
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.silence import RefusedSilently
from pgjobs.sql import load

_TALLY: Final = load("statistics/tally")
_RECORD_PLAIN: Final = load("record_plain").replace(
    "{tally}", _TALLY.replace("{failures}", "").replace("{by_failure}", "")
)
_PLAIN_WITH_MOMENTS: Final = _RECORD_PLAIN.replace("{answer}", "id, status, started, completed")
_PLAIN_IDS: Final = _RECORD_PLAIN.replace("{answer}", "array_agg(id)")
_COMPLETED: Final = Recorded(JobStatus.COMPLETED, None, None)
_RECORD: Final = (
    load("record")
    .replace("{successors}", load("successors"))
    .replace(
        "{tally}",
        _TALLY.replace("{failures}", ", exception, frame, max(failed) AS job_id").replace(
            "{by_failure}", ", exception, frame"
        ),
    )
)


def record(
    cursor: Cursor, outcomes: Sequence[Outcome], *, moments: bool = False
) -> dict[int, Recorded]:
    """Write ``outcomes``, insert the successors, and return the accepted outcomes by job id.

    The other outcomes were stale: the row has another epoch or worker, or the job is not
    running any more. With ``moments`` the answer also has the moments of the database's
    clock at which each run began and ended. Raises RefusedSilently if a row that would take its
    outcome has stayed as it was.
    """
    # The statements lock the rows in this order: see ``rows.rivalry``.
    outcomes = sorted(outcomes, key=attrgetter("job_id"))
    if all(map(is_plain, outcomes)):
        recorded = record_plain(cursor, outcomes, moments=moments)
        left = _left(outcomes, recorded)
        if left:
            recorded |= record_any(cursor, left, moments=moments)
    else:
        recorded = record_any(cursor, outcomes, moments=moments)
    if (left := _left(outcomes, recorded)) and (jobs := _still_running(cursor, left)):
        raise RefusedSilently(jobs, recorded)
    return recorded


def _left(outcomes: Sequence[Outcome], recorded: dict[int, Recorded]) -> list[Outcome]:
    return [outcome for outcome in outcomes if outcome.job_id not in recorded]


def _still_running(cursor: Cursor, outcomes: Sequence[Outcome]) -> list[int]:
    cursor.execute(load("still_running"), _identities(outcomes))
    return [job_id for (job_id,) in cursor.fetchall()]


def is_plain(outcome: Outcome) -> bool:
    """Return whether the job completed, and nothing but its result and data is to be told."""
    return (
        outcome.status == JobStatus.COMPLETED
        and not outcome.error
        and not outcome.interruptions
        and outcome.successor is None
    )


def record_plain(
    cursor: Cursor, outcomes: Sequence[Outcome], *, moments: bool
) -> dict[int, Recorded]:
    """Write plain ``outcomes`` to the rows that have no successor, in less of the server's time."""
    values = _common(outcomes, time.monotonic())
    if moments:
        cursor.execute(_PLAIN_WITH_MOMENTS, values)
        return _accepted(cursor)
    cursor.execute(_PLAIN_IDS, values)
    ids = next((ids for (ids,) in cursor.fetchall()), None)
    return dict.fromkeys(ids or (), _COMPLETED)


def record_any(
    cursor: Cursor, outcomes: Sequence[Outcome], *, moments: bool
) -> dict[int, Recorded]:
    """Write ``outcomes`` of any kind, and insert the successors."""
    now = time.monotonic()
    cursor.execute(
        _RECORD,
        {
            **_common(outcomes, now),
            "statuses": _array([o.status for o in outcomes]),
            "errors": _unless_empty([o.error or None for o in outcomes]),
            "failures": _unless_empty(
                [json.dumps(asdict(o.failure)) if o.failure else None for o in outcomes]
            ),
            "delays": _unless_empty(
                [None if o.delay is None else o.delay.total_seconds() for o in outcomes]
            ),
            "due": _unless_empty([o.due for o in outcomes]),
            "attempts_back": _unless_empty([o.attempts_back or None for o in outcomes]),
            "interruptions": _unless_empty([o.interruptions or None for o in outcomes]),
            "successors": _unless_empty([o.successor for o in outcomes]),
            "moments": moments,
        },
    )
    return _accepted(cursor)


def _accepted(cursor: Cursor) -> dict[int, Recorded]:
    """Return the outcomes that the rows have now; a trigger that returns OLD keeps a row as it was.

    RETURNING tells of such a row too.
    """
    return {
        job_id: Recorded(status, started, completed)
        for job_id, status, started, completed in cursor.fetchall()
        if status != JobStatus.RUNNING
    }


def _identities(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {
        "ids": _array([str(o.job_id) for o in outcomes]),
        "epochs": _array([str(o.epoch) for o in outcomes]),
        "workers": _numbers([_worker(o.worker_id) for o in outcomes]),
    }


def _common(outcomes: Sequence[Outcome], now: float) -> dict[str, Any]:
    """Return the parameters of both statements."""
    return {
        **_identities(outcomes),
        "began": _numbers([_age(now, o.began) for o in outcomes]),
        "ended": _numbers([_age(now, o.ended) for o in outcomes]),
        "data": _unless_empty([o.data for o in outcomes]),
        "results": _unless_empty([o.result for o in outcomes]),
    }


def _worker(worker_id: int | None) -> str:
    return "NULL" if worker_id is None else str(worker_id)


def _age(now: float, moment: float) -> str:
    """Return the age of ``moment`` in seconds, or "NULL" if the moment is not known.

    ``now`` and ``moment`` are readings of ``time.monotonic()``; 0.0 stands for an unknown moment.
    `repr` would take twice as long, for digits that PostgreSQL does not keep.
    """
    return "%.6f" % (now - moment) if moment else "NULL"


def _array(values: list[str]) -> str:
    """Return numbers or names as the text of an array. A list takes psycopg ten times as long."""
    return f"{{{','.join(values)}}}"


def _numbers(values: list[str]) -> str | None:
    """Return numbers as ``_array()`` does, or None if all are "NULL".

    A job that runs in its caller's process may have set ``array_nulls`` to off in this session.
    """
    return None if values.count("NULL") == len(values) else _array(values)


def _unless_empty(values: list[Any]) -> list[Any] | None:
    """Return ``values``, or None if all are None: `unnest` reads a missing array as nulls.

    So a detail that no outcome of the batch has costs nothing.
    """
    return None if values.count(None) == len(values) else values
