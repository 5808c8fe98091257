"""The live jobs and the new jobs of each queue, about, for readers that come every few seconds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from pgjobs.sql import load
from pgjobs.stats.reading import read, rows_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """The live jobs of a queue, about, and the longest wait of a due job."""

    queue: str
    pending: int
    scheduled: int
    running: int
    oldest_wait: timedelta | None


def backlog(most: int, using: str | None = None, *, without: Iterable[str] = ()) -> list[Backlog]:
    """Return the queues that have live jobs, by name, in milliseconds however many jobs wait.

    A lane of more than ``most`` pending jobs is estimated. Of the scheduled and of the running jobs
    at most ``most`` are counted. ``queues()`` counts all. Jobs of the classes ``without`` do not
    count, and are read one by one if they stand before all other jobs of a lane.
    """
    classes = list(without)
    counts = " AND job_class <> ALL (%(without)s::text[])" if classes else ""
    statement = load("stats/backlog").replace("{counts}", counts)
    return rows_of(Backlog, statement, using, most=most, without=classes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """The jobs of a queue that came lately."""

    queue: str
    jobs: int
    per_minute: float


def arrivals(length: timedelta, most: int, using: str | None = None) -> list[Arrivals]:
    """Return the queues that got jobs in the last ``length`` of time, by name.

    At most the newest ``most`` jobs are read. If more came, the rate is that of these jobs. A job
    that is deleted does not count.
    """
    return read(Arrivals, "stats/arrivals", using, length=length, most=most)
