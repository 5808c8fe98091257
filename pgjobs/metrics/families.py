"""The metrics: their names, types, help texts and labels, as Prometheus' conventions want them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

Kind = Literal["gauge", "counter", "histogram"]
Labels = tuple[str, ...]

BOUNDS: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0),
    *(60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0, 7200.0, 21600.0, 86400.0),
)
"""Upper bounds of the buckets of each histogram, in seconds: from a millisecond to a day."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """The numbers of one series: jobs up to each of ``BOUNDS``, all jobs, and their seconds."""

    up_to: tuple[int, ...]
    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Family:
    """One metric. Its name is written without the suffix that its type adds."""

    name: str
    kind: Kind
    text: str
    labels: Labels = ()


@dataclass(slots=True)
class Values:
    """The values of one family, by the values of its labels."""

    family: Family
    numbers: dict[Labels, float] = field(default_factory=dict)
    histograms: dict[Labels, Histogram] = field(default_factory=dict)


UP: Final = Family(
    "pgjobs_up", "gauge", "Whether the jobs could be read; if not, 0 is the only metric."
)
SCRAPE: Final = Family(
    "pgjobs_scrape_duration_seconds", "gauge", "Time that the database took for these numbers."
)
JOBS: Final = Family(
    "pgjobs_jobs",
    "gauge",
    "Live jobs. A lane of over 10000 pending jobs is estimated; others count up to 10000.",
    ("queue", "status"),
)
OLDEST_WAIT: Final = Family(
    "pgjobs_queue_oldest_wait_seconds",
    "gauge",
    "How long the oldest due job has waited; 0 if no due job waits.",
    ("queue",),
)
QUEUE_WORKERS: Final = Family(
    "pgjobs_queue_workers", "gauge", "Living workers that serve the queue.", ("queue",)
)
QUEUE_PAUSED: Final = Family(
    "pgjobs_queue_paused", "gauge", "1 for each queue that is paused.", ("queue",)
)
CLASS_PAUSED: Final = Family(
    "pgjobs_job_class_paused", "gauge", "1 for each job class that is paused.", ("job_class",)
)
WORKERS: Final = Family(
    "pgjobs_workers", "gauge", "Worker processes that have not stopped.", ("state",)
)
SLOTS: Final = Family("pgjobs_worker_slots", "gauge", "Slots of the living workers.")
CLAIMED: Final = Family(
    "pgjobs_claimed_jobs", "gauge", "Jobs that the living workers run or will start at once."
)
SCHEDULES: Final = Family(
    "pgjobs_schedules", "gauge", "System jobs: on_time, late by more than 30 s, or off.", ("state",)
)
FINISHED: Final = Family(
    "pgjobs_jobs_finished",
    "counter",
    "Ends of jobs, by class, queue and outcome. A retried job ends again.",
    ("queue", "job_class", "outcome"),
)
FAILURES: Final = Family(
    "pgjobs_failures",
    "counter",
    "Ends as errored or failed, by class and exception.",
    ("job_class", "exception"),
)
RUN_TIME: Final = Family(
    "pgjobs_job_run_seconds", "histogram", "Run times of the jobs that have ended.", ("job_class",)
)
WAIT: Final = Family(
    "pgjobs_job_wait_seconds",
    "histogram",
    "Times from the moment at which a job was due until it began.",
    ("queue",),
)

FAMILIES: Final = (
    UP,
    SCRAPE,
    JOBS,
    OLDEST_WAIT,
    QUEUE_WORKERS,
    QUEUE_PAUSED,
    CLASS_PAUSED,
    WORKERS,
    SLOTS,
    CLAIMED,
    SCHEDULES,
    FINISHED,
    FAILURES,
    RUN_TIME,
    WAIT,
)
