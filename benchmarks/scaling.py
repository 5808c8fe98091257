"""Throughput by the number of worker processes, and where the time of each job goes.

A drain is gated: the workers are up and idle and have run jobs before, the queue is paused while it
is filled, and all workers start at the same moment.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from typing import Any, Final

from django.db import connection

from benchmarks import draining, load, row_locks, table, worker
from benchmarks.app.jobs import Nothing
from benchmarks.waits import Waits
from pgjobs.models import Job, Pause

_TIMEOUT: Final = 600.0
_QUEUE: Final = "default"
_PAUSE_IS_SEEN: Final = 1.5
"""Seconds after which each worker has noticed a pause: it notices one within a second."""
_WARM: Final = 200
"""Jobs for each process before the first drain, so that it knows how far ahead to claim."""


@dataclass(frozen=True, slots=True)
class Drained:
    """One gated drain. Times are microseconds for each job."""

    jobs: int
    per_second: float
    worker_us: float
    """Processor time of the workers."""
    server_us: float
    """Processor time of all of PostgreSQL's processes."""
    statements_us: dict[str, float]
    """Execution time of PostgreSQL's statements, waits included."""
    locked_in_vain: float
    """Rows that were locked and not claimed, for each job."""
    wal_bytes: dict[str, float]
    """Bytes of WAL for each job: by statement, and of the whole server from the first enqueue."""
    waits: dict[str, float]
    """Shares of the samples of active sessions of workers."""


def drains(processes: int, small: int, large: int, held_in: str | None = None) -> dict[str, Any]:
    """Drain two backlogs by so many processes, and with ``held_in`` the large one once more.

    ``held_in`` is the URL of the server on which a snapshot is held meanwhile.
    """
    table.clear()
    with worker.running(processes=processes) as workers:
        workers.wait_until(lambda: _idle_workers() == processes, _TIMEOUT)
        Nothing.enqueue_many({} for _ in range(_WARM * processes))
        workers.wait_until(table.is_drained, _TIMEOUT)
        found = {
            "small backlog": asdict(_gated(workers, processes, small)),
            "large backlog": asdict(_gated(workers, processes, large)),
        }
        if held_in is not None:
            held = _gated(workers, processes, large, held_in)
            found["large backlog, snapshot held"] = asdict(held)
    return found


def _gated(
    workers: worker.WorkerProcess, processes: int, jobs: int, held_in: str | None = None
) -> Drained:
    Pause.objects.pause(queue=_QUEUE)
    time.sleep(_PAUSE_IS_SEEN)
    table.clear()
    table.checkpoint()  # another one during the drain would add whole pages to the WAL
    written = load.wal_written()
    enqueue = _fill(jobs - processes)
    workers.wait_until(lambda: _idle_workers() == processes, _TIMEOUT)
    if Job.objects.exclude(status="pending").exists():
        raise RuntimeError("A worker claimed from a paused queue.")
    snapshot = nullcontext() if held_in is None else draining.held_snapshot(held_in)
    with snapshot, row_locks.watched() as locks:
        waits = Waits()
        load.forget_statements()
        worked, served = workers.cpu_seconds(), load.processor_seconds()
        Pause.objects.resume(queue=_QUEUE)
        Nothing.enqueue_many({} for _ in range(processes))  # a ring for each idle worker
        workers.wait_until(waits.sample_until_drained, _TIMEOUT)
        ended = _value("SELECT clock_timestamp()")
        worked, served = workers.cpu_seconds() - worked, load.processor_seconds() - served
        costs = load.statements("claim", "record")
        written = load.wal_written() - written
        in_vain = locks.in_vain()
    return Drained(
        jobs=jobs,
        per_second=jobs / (ended - _first_run(jobs)).total_seconds(),
        worker_us=worked / jobs * 1e6,
        server_us=served / jobs * 1e6,
        statements_us={
            kind: costs[kind].seconds / jobs * 1e6 for kind in ("claim", "record", "other")
        },
        locked_in_vain=in_vain / jobs,
        wal_bytes={
            "enqueue": enqueue.wal_bytes / (jobs - processes),
            "claim": costs["claim"].wal_bytes / jobs,
            "record": costs["record"].wal_bytes / jobs,
            "in all": written / jobs,
        },
        waits=waits.shares(),
    )


def _fill(jobs: int) -> load.Cost:
    load.forget_statements()
    Nothing.enqueue_many({} for _ in range(jobs))
    return load.statements("enqueue")["enqueue"]


def _first_run(jobs: int) -> Any:
    """Return the moment of the first run. Raises RuntimeError if a job did not complete."""
    completed = Job.objects.filter(status="completed").count()
    if completed != jobs:
        raise RuntimeError(f"{completed} of {jobs} jobs were completed.")
    return _value("SELECT min(started) FROM pgjobs_job")


def _idle_workers() -> int:
    return int(_value("SELECT count(*) FROM pgjobs_doorbell"))


def _value(sql: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]
