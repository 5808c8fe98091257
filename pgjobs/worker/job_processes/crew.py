"""The processes of a worker's isolated jobs."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from typing import Final

from pgjobs import tracing
from pgjobs.conf import get_settings
from pgjobs.worker.job_processes.forking import ForkServer, NotForked
from pgjobs.worker.job_processes.job_process import JobProcess

_LONGEST_EXPORT: Final = 3.0
"""Seconds in which idle processes must have exported their last spans, before they are killed."""


class Crew:
    """Lends processes to slots. It keeps each one that can run another job."""

    def __init__(self) -> None:
        self._server = ForkServer()
        self._idle: list[JobProcess] = []
        self._lock = threading.Lock()
        self.is_ending = False
        """All processes are killed; their deaths say nothing about their jobs."""

    def start(self) -> None:
        """Load the project, so that the first job need not wait for it."""
        self._server.start()

    def borrow(self, *, fresh: bool, memory_limit: int | None = None) -> JobProcess:
        """Return a process for one job, a new one if ``fresh``. Raises OSError.

        A warm process that has grown beyond ``memory_limit`` is replaced.
        """
        self._server.beat()
        if self.is_ending:
            raise NotForked("The worker is ending.")
        process = (None if fresh else self._take_idle(memory_limit)) or JobProcess(self._server)
        process.is_worn = fresh or process.jobs + 1 >= get_settings().MAX_JOBS_PER_PROCESS
        return process

    def give_back(self, process: JobProcess) -> None:
        """Keep ``process`` for another job, or wait for its end if it is worn."""
        with self._lock:
            is_kept = not process.is_worn and not self.is_ending
            if is_kept:
                self._idle.append(process)
        if not is_kept:
            process.end()

    def beat(self) -> None:
        """Let the processes live on: they are killed if the worker gives no sign of life."""
        self._server.beat()

    def rest(self) -> None:
        """Let the processes live on without signs of life until the next one, while no job runs."""
        self._server.rest()

    def kill_all(self) -> None:
        """Kill all processes, and wait until they have ended."""
        with self._lock:
            self.is_ending = True
            idle, self._idle = self._idle, []
        if tracing.tracers:
            _let_export(idle)
        self._server.close()

    def _take_idle(self, memory_limit: int | None) -> JobProcess | None:
        """Return the process that has been idle for the shortest time, and is fit for a job."""
        while True:
            with self._lock:
                if not self._idle:
                    return None
                process = self._idle.pop()
            is_too_large = memory_limit is not None and process.memory() > memory_limit
            if not (process.has_ended or is_too_large):
                return process
            process.end()


def _let_export(idle: Sequence[JobProcess]) -> None:
    """Let processes without a job end by themselves: a kill would lose their last spans."""
    for process in idle:
        process.hang_up()
    until = time.monotonic() + _LONGEST_EXPORT
    for process in idle:
        process.wait(until - time.monotonic())
