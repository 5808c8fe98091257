"""The state of the jobs, read-only: a frozen dataclass for a row of each view or function in SQL.

Commands read it here, and pages and metrics can. Each function takes the alias of a database, by
default the one that Django reads jobs from. The columns are explained in ``docs/sql.md`` and by
``\\d+`` in psql. Spans of time are ``timedelta``, moments are aware.
"""

from pgjobs.stats.reading import (
    Blocker,
    Ended,
    FailureKind,
    JobRow,
    QueueRow,
    Reason,
    RunningRow,
    ScheduleRow,
    WorkerRow,
    be_patient_for,
    blockers,
    ended_since,
    failures,
    jobs,
    queues,
    running,
    schedules,
    why,
    workers,
)

__all__ = [
    "Blocker",
    "Ended",
    "FailureKind",
    "JobRow",
    "QueueRow",
    "Reason",
    "RunningRow",
    "ScheduleRow",
    "WorkerRow",
    "be_patient_for",
    "blockers",
    "ended_since",
    "failures",
    "jobs",
    "queues",
    "running",
    "schedules",
    "why",
    "workers",
]
