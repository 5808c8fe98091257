"""The statistics: ends of jobs, run times, waits and kinds of failure, of all time that is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, Literal

from django.db import connections, router

from pgjobs.models import Job
from pgjobs.sql import load
from pgjobs.stats.periods import parts_since, periods_since
from pgjobs.stats.reading import read

Span = Literal["hour", "day", "week"]
Key = Literal["time", "class", "queue"]
Period = Literal["minute", "hour", "day"]

GROWTH: Final = 1.1
"""The bucket ``b`` of a histogram stands for ``GROWTH ** b`` seconds. Its bounds are half a bucket
below and above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Throughput:
    """The ends of jobs of one class and queue: a row of ``pgjobs_throughput``."""

    span: Span
    job_class: str
    queue: str
    completed: int
    errored: int
    failed: int
    cancelled: int
    per_minute: float
    run_time: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """The run times and waits of jobs of one class and queue: a row of ``pgjobs_latency``."""

    span: Span
    job_class: str
    queue: str
    jobs: int
    run_p50: timedelta | None
    run_p95: timedelta | None
    run_p99: timedelta | None
    wait_p50: timedelta | None
    wait_p95: timedelta | None
    wait_p99: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Ends of jobs, with run times and waits. A column that was not asked for is None."""

    start: datetime | None
    job_class: str | None
    queue: str | None
    completed: int
    errored: int
    failed: int
    cancelled: int
    run_time: timedelta
    run_p50: timedelta | None
    run_p95: timedelta | None
    run_p99: timedelta | None
    wait_p50: timedelta | None
    wait_p95: timedelta | None
    wait_p99: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndsOfQueue:
    """The ends of the jobs of one queue in one minute."""

    queue: str
    start: datetime
    jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """The ends of the jobs of one class in one minute, hour or day."""

    job_class: str
    start: datetime
    jobs: int
    unsuccessful: int
    """The number that errored or failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureFingerprint:
    """Ends as errored or failed that have one cause: a row of ``pgjobs_failure_kinds``."""

    job_class: str
    exception: str
    frame: str
    jobs: int
    first_seen: datetime
    last_seen: datetime
    example_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """All ends of one class, queue and outcome. No number of it ever goes down."""

    job_class: str
    queue: str
    outcome: str
    jobs: int
    run_seconds: float
    wait_seconds: float
    run_buckets: dict[int, int]
    wait_buckets: dict[int, int]


def throughput(span: Span = "hour", using: str | None = None) -> list[Throughput]:
    """Return the ends of the last hour, day or week by class and queue, the most first."""
    return read(Throughput, "stats/throughput", using, span=span)


def latency(span: Span = "hour", using: str | None = None) -> list[Latency]:
    """Return run times and waits of the last hour, day or week, the longest run times first."""
    return read(Latency, "stats/latency", using, span=span)


def ended(
    since: datetime,
    by: Collection[Key] = ("class", "queue"),
    using: str | None = None,
    *,
    period: Period | None = None,
    queue: str | None = None,
    job_class: str | None = None,
) -> list[Ended]:
    """Return the ends since a moment, added up ``by`` these columns.

    The time is counted by minutes, hours or days: by default by the shortest that are kept for so
    long. So the first one may begin before ``since``. If neither the time nor a ``period`` is asked
    for, all that lies in a whole hour or day is read by these, in milliseconds. With ``queue`` or
    ``job_class``, only the ends of their jobs are added up.
    """
    keys = {f"by_{key}": key in by for key in ("time", "class", "queue")}
    kept = [period] if period else periods_since(since)
    parts = parts_since(since, kept[:1] if keys["by_time"] else kept)
    periods, begins, ends = zip(*parts, strict=True)
    return read(
        Ended,
        "stats/ended",
        using,
        periods=list(periods),
        since=list(begins),
        upto=list(ends),
        only_queue=queue,
        only_class=job_class,
        **keys,
    )


def ends_of_queues(since: datetime, using: str | None = None) -> list[EndsOfQueue]:
    """Return the ends since the beginning of a minute by queue and minute, the oldest first."""
    return read(EndsOfQueue, "stats/ends_of_queues", using, since=since)


def outcomes(
    job_classes: Iterable[str], since: datetime, period: Period, using: str | None = None
) -> list[Outcomes]:
    """Return the ends of these classes since a moment by class and time, the newest first."""
    paths = list(job_classes)
    return read(Outcomes, "stats/outcomes", using, classes=paths, since=since, period=period)


def failure_kinds(limit: int = 100, using: str | None = None) -> list[FailureFingerprint]:
    """Return the ``limit`` kinds of failure that were seen last, the newest first."""
    return read(FailureFingerprint, "stats/failure_kinds", using, limit=limit)


def totals(using: str | None = None) -> list[Total]:
    """Return all ends since the first one, for counters and histograms that never go down.

    Only a class, queue and outcome without an end in ``STATISTICS_DAYS`` is forgotten.
    """
    with connections[using or router.db_for_read(Job)].cursor() as cursor:
        cursor.execute(load("stats/totals"))
        rows = cursor.fetchall()
    return [_total(list(same)) for _key, same in groupby(rows, key=itemgetter(0, 1, 2))]


def _total(rows: list[Any]) -> Total:
    """Return the sum of the rows of one key, with the columns of ``stats/totals``."""
    job_class, queue, outcome, *_ = rows[0]
    jobs, run_seconds, wait_seconds = (sum(row[column] for row in rows) for column in (3, 4, 5))
    return Total(
        job_class=job_class,
        queue=queue,
        outcome=outcome,
        jobs=jobs,
        run_seconds=run_seconds,
        wait_seconds=wait_seconds,
        run_buckets=_added((row[6], row[7]) for row in rows),
        wait_buckets=_added((row[8], row[9]) for row in rows),
    )


def _added(histograms: Iterable[tuple[list[int | None], list[int]]]) -> dict[int, int]:
    """Return the sum of histograms. The bucket None has the jobs without a known time."""
    found: dict[int | None, int] = {}
    for buckets, counts in histograms:
        if not found:
            found = dict(zip(buckets, counts, strict=True))
            continue
        for bucket, jobs in zip(buckets, counts, strict=True):
            found[bucket] = found.get(bucket, 0) + jobs
    return {bucket: jobs for bucket, jobs in found.items() if bucket is not None}
