"""The queries that read the views."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db import ProgrammingError, connections, router, transaction

from pgjobs.access import redacted, redacted_action, redacted_arguments
from pgjobs.models import Job, JournalEntry
from pgjobs.models.json_field import TolerantJSONField
from pgjobs.registry.hidden import hidden_keys
from pgjobs.sql import load
from pgjobs.stats.rows import (
    Blocker,
    Departures,
    FailureKind,
    JobRow,
    JournalRow,
    QueueRow,
    Reason,
    RunningRow,
    ScheduleRow,
    WorkerRow,
)

Row = TypeVar("Row")

_STYLE: Final = "IntervalStyle"
_READABLE: Final = "postgres"
_JSON: Final = TolerantJSONField()


def queues(using: str | None = None) -> list[QueueRow]:
    """Return the queues, the one with the longest wait first."""
    return read(QueueRow, "stats/queues", using)


def workers(using: str | None = None) -> list[WorkerRow]:
    """Return the workers that have not stopped, by name."""
    return read(WorkerRow, "stats/workers", using)


def worker(id: int, using: str | None = None) -> WorkerRow | None:
    """Return a worker, also if it has stopped; None if there is no row of it."""
    return next(iter(read(WorkerRow, "stats/worker", using, id=id)), None)


def schedules(using: str | None = None) -> list[ScheduleRow]:
    """Return the system jobs, the next one first."""
    return read(ScheduleRow, "stats/schedules", using)


def failures(limit: int = 100, using: str | None = None) -> list[FailureKind]:
    """Return the ``limit`` kinds of failure that were seen last, the newest first."""
    return read(FailureKind, "stats/failures", using, limit=limit)


def blockers(using: str | None = None) -> list[Blocker]:
    """Return the blockers of claims and of VACUUM, the oldest first."""
    return read(Blocker, "stats/blockers", using)


def jobs(ids: Iterable[int], using: str | None = None) -> list[JobRow]:
    """Return the jobs of ``ids`` that exist, the newest first."""
    return [
        replace(job, arguments=_arguments(job))
        for job in read(JobRow, "stats/jobs", using, ids=list(ids))
    ]


def running(limit: int = 100, text: str = "", using: str | None = None) -> list[RunningRow]:
    """Return the ``limit`` running jobs that have run for the longest time, the longest first.

    With a ``text``, only jobs that hold it in their name, queue, class or worker, in either case.
    """
    return read(RunningRow, "stats/running", using, limit=limit, text=text)


def ended_since(since: datetime | None, using: str | None = None) -> Departures:
    """Return how many jobs have ended since then; none without a moment."""
    (row,) = read(Departures, "stats/ended_since", using, since=since)
    return row


def be_patient_for(seconds: float, using: str | None = None) -> None:
    """Let no statement of the current transaction take longer, nor wait longer for a lock."""
    with connections[using or router.db_for_read(Job)].cursor() as cursor:
        cursor.execute(load("stats/patience"), {"longest": f"{round(seconds * 1000)}ms"})


def journal(
    ids: Iterable[int] | None = None, *, limit: int = 100, using: str | None = None
) -> list[JournalRow]:
    """Return the newest actions, or the actions of ``ids``, the newest first.

    Values of hidden keys are redacted.
    """
    entries = JournalEntry.objects.using(using or router.db_for_read(Job)).order_by("-pk")
    if ids is not None:
        entries = entries.filter(pk__in=list(ids))
    columns, hidden = [field.name for field in fields(JournalRow)], hidden_keys(None)
    rows = (JournalRow(**row) for row in entries.values(*columns)[:limit])
    return [
        replace(row, what=redacted_action(row.what), options=redacted(row.options, hidden))
        for row in rows
    ]


def why(job_id: int, using: str | None = None) -> list[Reason]:
    """Return why the job waits, or how it ended, the first reason first."""
    return read(Reason, "stats/why", using, job=job_id)


def read(kind: type[Row], name: str, using: str | None, **params: Any) -> list[Row]:
    """Return the rows that the statement of this name reads, as ``rows_of()`` does."""
    return rows_of(kind, load(name), using, **params)


def rows_of(kind: type[Row], statement: str, using: str | None, **params: Any) -> list[Row]:
    """Return the rows that a statement reads. Columns that ``kind`` does not have are left out.

    Raises ProgrammingError if a view of an older schema lacks a column.
    """
    wanted = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    connection = connections[using or router.db_for_read(Job)]
    with _readable_intervals(connection), connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        columns = [column.name for column in cursor.description or ()]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    if lacking := [column for column in wanted if column not in columns]:
        raise ProgrammingError(
            f"the view of {kind.__name__} has no column {lacking[0]}: run manage.py migrate pgjobs"
        )
    return [kind(**{column: row[column] for column in wanted}) for row in rows]


@contextmanager
def _readable_intervals(connection: Any) -> Iterator[None]:
    """Let PostgreSQL write intervals as psycopg reads them, if the database sets another style."""
    connection.ensure_connection()
    style = connection.connection.info.parameter_status(_STYLE)
    if style == _READABLE:
        yield
        return
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(load("stats/interval_style"), {"style": _READABLE})
        yield
        cursor.execute(load("stats/interval_style"), {"style": style})


def _arguments(job: JobRow) -> Any:
    """Return the arguments of ``job``, which Django leaves as text.

    The view hides the keys that the workers know. This process may know more of them.
    """
    return redacted_arguments(job.job_class, _JSON.from_db_value(job.arguments, None, None))
