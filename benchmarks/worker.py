"""A real ``manage.py pgjobs_worker``, as a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from pgjobs.models import WorkerProcess as WorkerRow

_START_TIMEOUT: Final = 120.0
_POLL: Final = 0.02


class WorkerProcess:
    """A supervisor and its children, as the operating system sees them."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def cpu_seconds(self) -> float:
        times = [process.cpu_times() for process in self._all()]
        return sum(time.user + time.system for time in times)

    def megabytes(self) -> float:
        """Return the memory that only these processes use."""
        return sum(process.memory_full_info().uss for process in self._all()) / 1e6

    def megabytes_of_job_processes(self) -> list[float]:
        """Return the memory that each process of isolated jobs has for itself alone."""
        (worker,) = psutil.Process(self._process.pid).children()
        (fork_server,) = worker.children()
        return [process.memory_full_info().uss / 1e6 for process in fork_server.children()]

    def wait_until(self, happened: Callable[[], bool], timeout: float) -> None:
        """Poll until ``happened()``.

        Raises RuntimeError if the worker ends before, or after ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while not happened():
            if self._process.poll() is not None:
                raise RuntimeError(f"The worker exited with {self._process.returncode}.")
            if time.monotonic() > deadline:
                raise RuntimeError(f"The worker did not get so far in {timeout:g} seconds.")
            time.sleep(_POLL)

    def _all(self) -> list[psutil.Process]:
        supervisor = psutil.Process(self._process.pid)
        return [supervisor, *supervisor.children(recursive=True)]


@contextmanager
def running(
    *,
    processes: int = 1,
    concurrency: int = 4,
    isolation: str = "thread",
    preload: bool = False,
    began: Path | None = None,
) -> Iterator[WorkerProcess]:
    """Run a worker; its processes write to the file ``began`` when they first ran a job."""
    command = [sys.executable, "-m", "django", "pgjobs_worker", "--isolation", isolation]
    command += ["--processes", str(processes), "--concurrency", str(concurrency)]
    if preload:
        command.append("--preload")
    environment = {**os.environ, "BENCHMARK_BEGAN": str(began or os.devnull)}
    process = subprocess.Popen(command, env=environment)
    try:
        yield WorkerProcess(process)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


@contextmanager
def idle(
    *, processes: int = 1, concurrency: int = 4, preload: bool = False
) -> Iterator[WorkerProcess]:
    """Run a worker, and yield it once all its processes are registered and idle."""
    stopped = WorkerRow.objects.count()
    with running(processes=processes, concurrency=concurrency, preload=preload) as worker:
        worker.wait_until(lambda: WorkerRow.objects.count() >= stopped + processes, _START_TIMEOUT)
        time.sleep(2)
        yield worker
