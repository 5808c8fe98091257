"""The rows of the views, and the queries that read them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from django.db import connections, router

from pgjobs.access import redacted_arguments
from pgjobs.models import Job, JournalEntry
from pgjobs.models.json_field import TolerantJSONField
from pgjobs.sql import load

Row = TypeVar("Row")

_JSON: Final = TolerantJSONField()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A queue that has live jobs or a living worker: a row of ``pgjobs_queues``."""

    queue: str
    pending: int
    scheduled: int
    running: int
    oldest_waiting: datetime | None
    latency: timedelta | None
    workers: int
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerRow:
    """A worker process that has not stopped: a row of ``pgjobs_workers``."""

    id: int
    name: str
    state: str
    alive: bool
    queues: list[str]
    running: int
    slots: int
    silent_for: timedelta | None
    lost_lock: bool
    started: datetime
    uptime: timedelta
    stopped: datetime | None
    hostname: str
    pid: int
    backend_pid: int | None
    ordered: str | None
    ordered_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleRow:
    """A system job: a row of ``pgjobs_schedules``."""

    id: int
    job_class: str
    rule: str
    enabled: bool
    next_run: datetime | None
    overdue_by: timedelta | None
    last_run: datetime | None
    last_job_id: int | None
    last_status: str | None
    switched_off: datetime | None
    edited: bool

    @property
    def fires(self) -> bool:
        """Whether a clock may fire it: workers know its class, and it is not switched off."""
        return self.enabled and self.switched_off is None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureKind:
    """Jobs that ended badly in the same way: a row of ``pgjobs_failures``."""

    jobs: int
    job_class: str
    status: str
    error: str
    first_seen: datetime
    last_seen: datetime
    example_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRow:
    """A job without its long columns: a row of ``pgjobs_jobs``. Hidden arguments are redacted."""

    id: int
    status: str
    queue: str
    name: str
    object: str | None
    created: datetime
    scheduled: datetime | None
    started: datetime | None
    completed: datetime | None
    late_by: timedelta | None
    duration: timedelta | None
    attempt: int
    max_attempts: int
    interruptions: int
    priority: int
    timeout: int | None
    interval: int | None
    progress_percent: int | None
    progress_message: str | None
    cancel_requested: datetime | None
    worker_id: int | None
    worker: str | None
    user_id: Any
    error: str
    job_class: str
    time_limit: timedelta | None
    arguments: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningRow:
    """A running job: a row of ``pgjobs_running``."""

    id: int
    name: str
    object: str | None
    queue: str
    started: datetime
    running_for: timedelta
    timeout: int | None
    attempt: int
    max_attempts: int
    progress_percent: int | None
    progress_message: str | None
    cancel_requested: datetime | None
    alive: bool | None
    worker_id: int | None
    worker: str | None
    worker_state: str | None
    job_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Departures:
    """How many jobs ended between a moment and ``now``, by the clock of the server."""

    now: datetime
    ended: int
    unsuccessful: int
    """The number that errored or failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocker:
    """What keeps jobs waiting or dead rows in their tables: a row of ``pgjobs_blockers``."""

    kind: str
    pid: int | None
    who: str
    since: datetime | None
    keeps_dead_rows: bool
    evidence: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A reason why a job waits, or its end: a row of ``pgjobs_why()``."""

    reason: str
    evidence: str
    since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """An action, and how far it has come: a row of ``pgjobs_journal``."""

    id: int
    who: str
    user_key: str
    surface: str
    verb: str
    subject: str
    what: Any
    options: Any
    state: str
    counted: int | None
    done: int
    refused: int
    error: str
    created: datetime
    updated: datetime
    ended: datetime | None
    carrier: str


def queues(using: str | None = None) -> list[QueueRow]:
    """Return the queues, the one with the longest wait first."""
    return read(QueueRow, "stats/queues", using)


def workers(using: str | None = None) -> list[WorkerRow]:
    """Return the workers that have not stopped, by name."""
    return read(WorkerRow, "stats/workers", using)


def schedules(using: str | None = None) -> list[ScheduleRow]:
    """Return the system jobs, the next one first."""
    return read(ScheduleRow, "stats/schedules", using)


def failures(limit: int = 100, using: str | None = None) -> list[FailureKind]:
    """Return the ``limit`` kinds of failure that were seen last, the newest first."""
    return read(FailureKind, "stats/failures", using, limit=limit)


def blockers(using: str | None = None) -> list[Blocker]:
    """Return what stands in the way of claims and of VACUUM, the oldest first."""
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
    """Return the newest actions, or those of ``ids``, the newest first."""
    entries = JournalEntry.objects.using(using or router.db_for_read(Job)).order_by("-pk")
    if ids is not None:
        entries = entries.filter(pk__in=list(ids))
    columns = [field.name for field in fields(JournalRow)]
    return [JournalRow(**row) for row in entries.values(*columns)[:limit]]


def why(job_id: int, using: str | None = None) -> list[Reason]:
    """Return why the job waits, or how it ended, the first reason first."""
    return read(Reason, "stats/why", using, job=job_id)


def read(kind: type[Row], name: str, using: str | None, **params: Any) -> list[Row]:
    """Return the rows that a statement reads. Columns that ``kind`` does not have are left out."""
    wanted = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    with connections[using or router.db_for_read(Job)].cursor() as cursor:
        cursor.execute(load(name), params or None)
        columns = [column.name for column in cursor.description or ()]
        rows = [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
    return [kind(**{column: row[column] for column in wanted}) for row in rows]


def _arguments(job: JobRow) -> Any:
    """Return the arguments of ``job``, which Django leaves as text.

    The view hides what the workers hide. They may not know yet what this process hides.
    """
    return redacted_arguments(job.job_class, _JSON.from_db_value(job.arguments, None, None))
