"""The speed at which a worker empties its queue, under several circumstances."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from django.db import connection

from benchmarks import table, worker
from benchmarks.app.jobs import Nothing, Wait
from pgjobs import BackgroundJob
from pgjobs.models import Job
from pgjobs.worker.claiming.claimer import Claimer
from pgjobs.worker.connection import LAZY_COMMIT, EngineConnection

_DEADLINE: Final = 600.0
_CLAIMS: Final = 200


@dataclass(frozen=True, slots=True)
class Drain:
    """The time to empty one queue, from the first run to the last recorded outcome."""

    jobs: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.jobs / self.seconds


Watcher = Callable[[worker.WorkerProcess], None]


def drain(
    jobs: int,
    began: Path,
    job: type[BackgroundJob] = Nothing,
    *,
    processes: int = 1,
    concurrency: int = 4,
    isolation: str = "thread",
    on_top: bool = False,
    watch: Watcher = lambda worker: None,
    afterwards: Watcher = lambda worker: None,
    **kwargs: Any,
) -> Drain:
    """Enqueue so many jobs, then start a worker and measure until it has drained the queue.

    The table is emptied before, unless ``on_top``. Raises RuntimeError if a job did not complete.
    """
    if not on_top:
        table.clear()
    last = max(job.enqueue_many(kwargs for _ in range(jobs)))
    began.write_text("")
    with worker.running(
        processes=processes, concurrency=concurrency, isolation=isolation, began=began
    ) as process:
        watch(process)
        process.wait_until(table.is_drained, _DEADLINE)
        ended = time.monotonic()
        afterwards(process)
    completed = Job.objects.filter(status="completed", id__gt=last - jobs).count()
    if completed != jobs:
        raise RuntimeError(f"{completed} of {jobs} jobs were completed.")
    return Drain(jobs, ended - min(float(line) for line in began.read_text().splitlines()))


def busy_slots(jobs: int, seconds: float, began: Path, *, concurrency: int = 4) -> float:
    """Return the share of the slots' time in which they ran jobs of so many ``seconds``."""
    drained = drain(jobs, began, Wait, concurrency=concurrency, seconds=seconds)
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(extract(epoch FROM completed - started)) FROM pgjobs_job")
        (spent,) = cursor.fetchone()
    return float(spent) / (concurrency * drained.seconds)


@contextmanager
def held_snapshot(url: str) -> Iterator[None]:
    """Hold a snapshot in another connection, as a long report or a backup does."""
    with psycopg.connect(url) as holder:
        holder.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        holder.execute("SELECT 1")  # reads no table: its lock would block TRUNCATE
        yield


def claim_milliseconds() -> float:
    """Return the median time of a claim of one job, beside the rows that are in the table."""
    Nothing.enqueue_many({} for _ in range(_CLAIMS))
    holder = table.add_worker()
    claims = EngineConnection("default", "benchmark", LAZY_COMMIT)
    claimer = Claimer(claims, ("high", "default", "low"))
    took = []
    for _ in range(_CLAIMS):
        began = time.monotonic()
        claimer.claim(limit=1, worker=holder.pk)
        took.append(time.monotonic() - began)
    claims.close()
    Job.objects.filter(worker=holder).delete()
    holder.delete()
    return sorted(took)[_CLAIMS // 2] * 1000
