"""The rows of the views and functions, one dataclass for each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any


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
    code_version: str | None
    pgjobs_version: str | None
    memory: int | None
    """MiB."""


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
    """A blocker of jobs or of VACUUM: a row of ``pgjobs_blockers``."""

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
