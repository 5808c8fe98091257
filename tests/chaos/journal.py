"""The journal: each run writes to a file, which no fault of the database reaches.

A line of a few dozen bytes is appended in one write, so a process that is killed in the middle of a
run leaves whole lines. `time.monotonic()` is the machine's, the same in every process.
"""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pgjobs.models import Job

DIRECTORY: Final = "PGJOBS_CHAOS_JOURNAL"


@dataclass(kw_only=True)
class Run:
    """One call of `run()`."""

    id: str
    job: int
    epoch: int
    worker: int
    pid: int
    """The process of the worker, also for a job that runs in a process of its own."""
    began: float
    ended: float | None = None
    """None if the process died in the middle of the run."""


@contextmanager
def run_of(job: Job) -> Iterator[str]:
    """Write down that a run of `job` begins, and that it ends; yield its name."""
    run = uuid.uuid4().hex
    worker = job.worker_id or 0
    _say(f"began {run} {job.pk} {job.epoch} {worker} {_workers_process(job)} {time.monotonic()}")
    try:
        yield run
    finally:
        _say(f"ended {run} {time.monotonic()}")


def _workers_process(job: Job) -> int:
    """Return the process that holds the job; the parent of a job's own process is a fork server."""
    if job.job_class.endswith("InProcess"):
        stat = Path(f"/proc/{os.getppid()}/stat").read_text()
        return int(stat.rpartition(")")[2].split()[1])
    return os.getpid()


def _say(line: str) -> None:
    path = Path(os.environ[DIRECTORY]) / str(os.getpid())
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, f"{line}\n".encode())
    finally:
        os.close(file)


def read(directory: Path) -> list[Run]:
    """Return all runs in the order in which they began."""
    runs: dict[str, Run] = {}
    for path in directory.iterdir():
        for line in path.read_text().splitlines():
            what, run, *numbers = line.split()
            if what == "began":
                job, epoch, worker, pid = map(int, numbers[:4])
                runs[run] = Run(
                    id=run, job=job, epoch=epoch, worker=worker, pid=pid, began=float(numbers[4])
                )
            else:
                runs[run].ended = float(numbers[0])
    return sorted(runs.values(), key=lambda run: run.began)
