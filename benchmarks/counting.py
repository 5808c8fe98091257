"""The price of the statistics: drains with them and without them, in turn."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection

from benchmarks import draining, load, table, uncounted
from benchmarks.worker import WorkerProcess


def pairs(jobs: int, began: Path, count: int) -> dict[str, Any]:
    """Drain ``count`` times with statistics and without; return the medians and their ratios.

    The order changes from pair to pair, so that a machine that gets slower favours neither.
    """
    found: dict[str, list[dict[str, float]]] = {"counted": [], "uncounted": []}
    for number in range(count):
        kinds = ["counted", "uncounted"] if number % 2 else ["uncounted", "counted"]
        for kind in kinds:
            found[kind].append(_drain(jobs, began, is_counted=kind == "counted"))
    ratios = [
        with_them["per_second"] / without["per_second"]
        for with_them, without in zip(found["counted"], found["uncounted"], strict=True)
    ]
    return {
        **{kind: _medians(drains) for kind, drains in found.items()},
        "ratios": ratios,
        "ratio": median(ratios),
    }


def _drain(jobs: int, began: Path, *, is_counted: bool) -> dict[str, float]:
    """Return the throughput of one drain, and its WAL and processor time for each job."""
    cost = {"wal_bytes": 0.0, "server_us": 0.0, "worker_us": 0.0}

    def begin(worker: WorkerProcess) -> None:
        cost["wal_bytes"] = -load.wal_written()
        cost["server_us"] = -load.processor_seconds()

    def end(worker: WorkerProcess) -> None:
        cost["wal_bytes"] = (cost["wal_bytes"] + load.wal_written()) / jobs
        cost["server_us"] = (cost["server_us"] + load.processor_seconds()) * 1e6 / jobs
        cost["worker_us"] = worker.cpu_seconds() * 1e6 / jobs

    table.checkpoint()
    counts: AbstractContextManager[None] = nullcontext() if is_counted else uncounted.workers()
    before = _ends()
    with counts:
        drained = draining.drain(jobs, began, watch=begin, afterwards=end)
    if _ends() - before != (jobs if is_counted else 0):
        raise RuntimeError(f"{_ends() - before} of {jobs} ends were counted.")
    return {"per_second": drained.per_second, **cost}


def _ends() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COALESCE(sum(jobs), 0) FROM pgjobs_ended WHERE period = 'total'")
        return int(cursor.fetchone()[0])


def _medians(drains: list[dict[str, float]]) -> dict[str, float]:
    return {name: median(each[name] for each in drains) for name in drains[0]}
