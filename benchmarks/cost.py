"""The cost of workers: when idle, over many jobs, and for the table after many jobs."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from django.db import connection

from benchmarks import draining, table, worker
from benchmarks.app.jobs import Nothing
from pgjobs.models import Job

_WARM: Final = 10_000
_TIMEOUT: Final = 1200.0
# The benchmark's own queries for this number contain the name of the view, and are left out.
_CALLS: Final = (
    "SELECT COALESCE(sum(calls), 0) FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_%'"
)


@dataclass(frozen=True, slots=True)
class Idle:
    """The needs of some idle worker processes, all together."""

    statements_per_second: float
    percent_of_a_core: float
    megabytes: float


def idle(processes: int, seconds: float, *, preload: bool = False) -> Idle:
    """Measure so many idle worker processes for so many seconds.

    The memory is that of the supervisor, of the workers and of the zygote, if there is one.
    """
    table.clear()
    with worker.idle(processes=processes, preload=preload) as workers:
        calls, spent, began = _calls(), workers.cpu_seconds(), time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - began
        return Idle(
            statements_per_second=(_calls() - calls) / took,
            percent_of_a_core=100 * (workers.cpu_seconds() - spent) / took,
            megabytes=workers.megabytes(),
        )


@dataclass(frozen=True, slots=True)
class Backlog:
    """The drain of one long queue, and the worker's memory early and late in it."""

    drain: draining.Drain
    megabytes_early: float
    megabytes_late: float

    @property
    def growth(self) -> float:
        """The growth of the memory as a share: 0.05 for 5 %."""
        return self.megabytes_late / self.megabytes_early - 1


def backlog(jobs: int, began: Path) -> Backlog:
    """Drain so many jobs; memory counts once 10,000 of them, or a tenth if fewer, are done."""
    megabytes: list[float] = []

    def watch(process: worker.WorkerProcess) -> None:
        for done in (min(_WARM, jobs // 10), jobs * 19 // 20):
            last = Job.objects.order_by("position")[done]
            process.wait_until(partial(_has_started, last), _TIMEOUT)
            megabytes.append(process.megabytes())

    drained = draining.drain(jobs, began, watch=watch)
    return Backlog(drained, *megabytes)


@dataclass(frozen=True, slots=True)
class Churn:
    """The size of the table and of its indexes, in MB, after each round of jobs."""

    jobs: int
    table: list[float]
    indexes: list[float]


def churn(jobs: int, rounds: int = 10) -> Churn:
    """Run so many jobs through one worker, and prune all finished jobs after each round."""
    table.clear()
    tables, indexes = [], []
    with worker.idle(processes=2) as workers:
        for _ in range(rounds):
            Nothing.enqueue_many({} for _ in range(jobs // rounds))
            workers.wait_until(table.is_drained, _TIMEOUT)
            Job.objects.prune(days=0)
            size = table.megabytes()
            tables.append(size[0])
            indexes.append(size[1])
    return Churn(jobs, tables, indexes)


def _has_started(job: Job) -> bool:
    return not Job.objects.filter(pk=job.pk, status="pending").exists()


def _calls() -> float:
    with connection.cursor() as cursor:
        cursor.execute(_CALLS)
        return float(cursor.fetchone()[0])
