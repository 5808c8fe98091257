"""The price of isolation, and what it gives to jobs that compute."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from benchmarks import worker
from benchmarks.app.jobs import Compute, Nothing
from benchmarks.draining import drain

CORES: Final = os.cpu_count() or 1
SECONDS: Final = 0.02
"""Seconds that a job computes."""


def drained(jobs: int, began: Path, isolation: str) -> dict[str, Any]:
    """Return the jobs a second that do nothing, and the megabytes of each process of jobs."""
    megabytes: list[float] = []

    def weigh(process: worker.WorkerProcess) -> None:
        if isolation == "process":
            megabytes.extend(process.megabytes_of_job_processes())

    found = drain(jobs, began, Nothing, isolation=isolation, afterwards=weigh)
    return {"per_second": found.per_second, "megabytes": [round(each, 1) for each in megabytes]}


def computed(jobs: int, began: Path, isolation: str, slots: int) -> float:
    """Return how many seconds of computing pass in one second."""
    found = drain(jobs, began, Compute, isolation=isolation, concurrency=slots, seconds=SECONDS)
    return found.per_second * SECONDS
