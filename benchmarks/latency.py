"""The time between the commit of a job and its ``run()``."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.db import connection

from benchmarks import table, worker
from benchmarks.app.jobs import Nothing, Stamp, Wait
from pgjobs.models import Job

_TIMEOUT: Final = 120.0


@dataclass(frozen=True, slots=True)
class Latency:
    """The median, the 99th percentile and the largest of some times, in milliseconds."""

    p50: float
    p99: float
    worst: float

    @classmethod
    def of(cls, seconds: list[float]) -> Latency:
        ordered = sorted(1000 * value for value in seconds)
        return cls(ordered[len(ordered) // 2], ordered[len(ordered) * 99 // 100], ordered[-1])


def idle(samples: int) -> Latency:
    """Measure one job at a time, with a worker that is idle before each."""
    table.clear()
    with worker.idle() as process:
        return _stamped(process, samples, pause=0.04)


def under_load(samples: int, per_second: int = 500) -> Latency:
    """Measure the same while other jobs arrive in the queue at a steady rate."""
    table.clear()
    with worker.idle() as process, _traffic(per_second):
        return _stamped(process, samples, pause=0.04)


def behind(waiting: int, samples: int) -> Latency:
    """Measure jobs of the queue ``high`` while so many jobs of 1 ms wait in ``low``."""
    table.clear()
    Wait.enqueue_many(({"seconds": 0.001} for _ in range(waiting)), queue_name="low")
    with worker.running() as process:
        process.wait_until(lambda: Job.objects.filter(status="completed").exists(), _TIMEOUT)
        time.sleep(1)
        latency = _stamped(process, samples, pause=0.1, queue_name="high")
        if not Job.objects.filter(status="pending", queue_name="low").exists():
            raise RuntimeError("The jobs of low priority ran out before the measurement ended.")
    return latency


def _stamped(
    process: worker.WorkerProcess, samples: int, *, pause: float, queue_name: str | None = None
) -> Latency:
    committed: dict[int, float] = {}
    for _ in range(samples):
        job = Stamp.enqueue(queue_name=queue_name)
        committed[job.pk] = time.monotonic()
        time.sleep(random.uniform(0.5, 1.5) * pause)
    stamps = Job.objects.filter(pk__in=list(committed), status="completed")
    process.wait_until(lambda: stamps.count() == samples, _TIMEOUT)
    # A run can begin before the enqueuing thread knows of the commit: this counts as 0.
    return Latency.of(
        [max(float(job.result or 0) - committed[job.pk], 0.0) for job in stamps.only("result")]
    )


@contextmanager
def _traffic(per_second: int) -> Iterator[None]:
    stop = threading.Event()

    def enqueue() -> None:
        while not stop.wait(10 / per_second):
            Nothing.enqueue_many({} for _ in range(10))
        connection.close()

    thread = threading.Thread(target=enqueue)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
