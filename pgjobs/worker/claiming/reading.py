"""Turns the rows that a claim returned into jobs, and tells rows apart that can't be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final

import psycopg
from psycopg.adapt import Transformer

from pgjobs.exceptions import UnreadableRow
from pgjobs.models import Job
from pgjobs.rows import columns
from pgjobs.rows.failure import shown
from pgjobs.worker.claiming.lanes import Lane

# Before the columns of the job come the rank of its lane, where its claim has passed jobs over, and
# whether the job is heavy.
_RANK: Final = 0
_PASSED: Final = 1
_IS_HEAVY: Final = 2
_FIRST: Final = 3
_POSITION: Final = _FIRST + columns.CLAIMED.index("position")
_QUEUE: Final = _FIRST + columns.CLAIMED.index("queue_name")
_PRIORITY: Final = _FIRST + columns.CLAIMED.index("priority")
_BLANK_JOB: Final = {**dict.fromkeys(columns.CLAIMED), **columns.SET_BY_CLAIM}

OnUnreadable = Callable[[Job, UnreadableRow], None]
Passed = dict[Lane, int]
"""For a lane, the first position that a claim has left to another claim."""


def read_claimed(
    cursor: psycopg.Cursor[Any], alias: str, unreadable: OnUnreadable
) -> tuple[list[Job], Passed]:
    """Return the claimed jobs in their order, and what the claim has passed over.

    Call ``unreadable`` with each job that can't be read.

    PostgreSQL holds moments, numbers and JSON that Python can't hold. The claim has committed, so
    one such value must not lose the other jobs of the batch.
    """
    try:
        rows = cursor.fetchall()
    except Exception:  # of any type: it comes from the loader of a column
        rows = _values(cursor)
        return _read_apart(rows, alias, unreadable), _passed(rows)
    return [_job(row, alias) for row in _in_order(rows)], _passed(rows)


def _in_order(rows: list[Any]) -> list[Any]:
    """Return ``rows`` in the order in which their jobs should start: RETURNING promises none.

    A row without a rank is left out: a trigger of the project has kept it as it was.
    """
    taken = [row for row in rows if row[_RANK] is not None]
    return sorted(taken, key=itemgetter(_RANK, _POSITION))


def _passed(rows: list[Any]) -> Passed:
    passed: Passed = {}
    for row in [row for row in rows if row[_PASSED] is not None]:
        lane = (row[_QUEUE], row[_PRIORITY])
        passed[lane] = min(row[_PASSED], passed.get(lane, row[_PASSED]))
    return passed


def _job(row: Sequence[object], alias: str) -> Job:
    values = _BLANK_JOB.copy()
    values.update(zip(columns.CLAIMED, row[_FIRST:], strict=True))
    if row[_IS_HEAVY]:
        return _heavy_job(values, alias)
    if values["args"] is None:
        values["args"] = []
    if values["kwargs"] is None:
        values["kwargs"] = {}
    return Job.from_claim(values, alias)


def _heavy_job(values: dict[str, Any], alias: str) -> Job:
    for name in columns.LEFT_IF_HEAVY:
        del values[name]
    job = Job.from_claim(values, alias)
    job.is_heavy = True
    return job


class _Unread:
    """Stands for the value of a column that can't be read."""

    def __init__(self, column: str, error: Exception) -> None:
        self.column = column
        self.error = error


def _read_apart(rows: list[Any], alias: str, unreadable: OnUnreadable) -> list[Job]:
    jobs = []
    for row in _in_order(rows):
        job = _job(row, alias)
        if failed := [value for value in row if isinstance(value, _Unread)]:
            for value in failed:
                del job.__dict__[value.column]  # to a receiver the column looks like a deferred one
            why = "; ".join(f"{value.column}: {shown(value.error, str)}" for value in failed)
            unreadable(job, UnreadableRow(f"The row of the job can't be read. {why}"))
        else:
            jobs.append(job)
    return jobs


def _values(cursor: psycopg.Cursor[Any]) -> list[Any]:
    result, loaders = cursor.pgresult, Transformer(cursor)
    assert result is not None
    rows = []
    for number in range(result.ntuples):
        row: list[object] = []
        for column in range(result.nfields):
            value = result.get_value(number, column)
            loader = loaders.get_loader(result.ftype(column), result.fformat(column))  # type: ignore[arg-type]
            try:
                row.append(None if value is None else loader.load(value))
            except Exception as error:
                row.append(_Unread((result.fname(column) or b"").decode(), error))
        rows.append(row)
    return rows
