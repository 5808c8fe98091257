"""The state of the jobs, read-only: a frozen dataclass for a row of each view or function in SQL.

Commands read it here, and pages and metrics can. Each function takes the alias of a database, by
default the one that Django reads jobs from. The columns are explained in ``docs/sql.md`` and by
``\\d+`` in psql. Spans of time are ``timedelta``, moments are aware.
"""

from pgjobs.stats.backlog import Arrivals, Backlog, arrivals, backlog
from pgjobs.stats.bounded import TooSlow, bounded
from pgjobs.stats.counted import (
    GROWTH,
    Ended,
    FailureFingerprint,
    Latency,
    Outcomes,
    Period,
    Throughput,
    Total,
    ended,
    failure_kinds,
    latency,
    outcomes,
    throughput,
    totals,
)
from pgjobs.stats.figures import JobFigures, figures
from pgjobs.stats.reading import (
    be_patient_for,
    blockers,
    ended_since,
    failures,
    jobs,
    journal,
    queues,
    running,
    schedules,
    why,
    worker,
    workers,
)
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

__all__ = [
    "GROWTH",
    "Arrivals",
    "Backlog",
    "Blocker",
    "Departures",
    "Ended",
    "FailureFingerprint",
    "FailureKind",
    "JobFigures",
    "JobRow",
    "JournalRow",
    "Latency",
    "Outcomes",
    "Period",
    "QueueRow",
    "Reason",
    "RunningRow",
    "ScheduleRow",
    "Throughput",
    "TooSlow",
    "Total",
    "WorkerRow",
    "arrivals",
    "backlog",
    "be_patient_for",
    "blockers",
    "bounded",
    "ended",
    "ended_since",
    "failure_kinds",
    "failures",
    "figures",
    "jobs",
    "journal",
    "latency",
    "outcomes",
    "queues",
    "running",
    "schedules",
    "throughput",
    "totals",
    "why",
    "worker",
    "workers",
]
