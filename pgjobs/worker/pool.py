"""Slots: threads that pull claimed jobs and run them, and one event loop for coroutines."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import threading
import time
from collections.abc import Callable, Coroutine
from queue import Empty, SimpleQueue
from typing import Any

from django.db import connections

from pgjobs.exceptions import JobTimeout
from pgjobs.execution import execute
from pgjobs.models import Job
from pgjobs.notes import Note
from pgjobs.outcomes import Outcome

logger = logging.getLogger("pgjobs.worker")

Ended = Callable[[Job, Outcome | None], None]


class Slot:
    """Room for one running job: a thread that lives as long as the worker."""

    def __init__(self, number: int, pool: Pool) -> None:
        self._pool = pool
        self.ended = 0
        self.job: Job | None = None
        self.since = 0.0
        self._lock = threading.Lock()
        self.thread = threading.Thread(target=self._run, name=f"pgjobs-slot-{number}", daemon=True)

    def _run(self) -> None:
        while (job := self._pool.next_job()) is not None:
            logger.info("job=%s class=%s attempt=%s start", job.pk, job.job_class, job.attempt)
            self._begin(job)
            outcome = self._execute(job)
            self.ended += 1
            self._pool.has_ended(job, outcome)
            _leave_connections_clean()
        connections.close_all()

    def _begin(self, job: Job) -> None:
        job._sink = self._pool.note
        with self._lock:
            self.since = time.monotonic()
            self.job = job

    def _execute(self, job: Job) -> Outcome | None:
        outcome = None
        try:
            outcome = execute(job, run_coroutine=self._pool.run_coroutine(job))
            self._stop_watching()
        except JobTimeout:  # it came after run() had returned
            self._stop_watching()
        return outcome

    def _stop_watching(self) -> None:
        with self._lock:
            self.job = None
            # An exception that was set but not yet raised would hit whatever comes next.
            _set_async_exception(self.thread.ident, None)

    def interrupt_if_late(self, now: float) -> None:
        """Raise JobTimeout inside the job once it is past its limit; called by the watch."""
        with self._lock:
            if self.job is not None and now - self.since > self.job.time_limit.total_seconds():
                self.since = now  # again after another limit, for jobs that swallow it
                error = type("JobTimeout", (_LateJob,), {"limit": self.job.time_limit})
                _set_async_exception(self.thread.ident, error)


class _LateJob(JobTimeout):
    """An exception raised from outside is given as a class, so the class knows the limit."""

    limit: Any = None

    def __init__(self) -> None:
        super().__init__(too_long(self.limit))


def too_long(limit: Any) -> str:
    return f"The job ran longer than its timeout of {limit.total_seconds():g} seconds."


class Pool:
    """The slots of one worker."""

    def __init__(
        self, size: int, *, ended: Ended, note: Callable[[Note], None], freed: Callable[[], None]
    ) -> None:
        self.has_ended = ended
        self.note = note
        self._freed = freed
        self._ready: SimpleQueue[Job | None] = SimpleQueue()
        self._submitted = 0
        self._withdrawn = 0
        self._low_water = 0
        self._slots = [Slot(number, self) for number in range(size)]
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_lock = threading.Lock()

    def start(self) -> None:
        for slot in self._slots:
            slot.thread.start()

    @property
    def size(self) -> int:
        return len(self._slots)

    @property
    def in_hand(self) -> int:
        """Jobs claimed and not yet ended."""
        return self._submitted - self._withdrawn - sum(slot.ended for slot in self._slots)

    def submit(self, jobs: list[Job]) -> None:
        self._submitted += len(jobs)
        self._low_water = len(jobs) // 2
        for job in jobs:
            self._ready.put(job)

    def next_job(self) -> Job | None:
        """Return the next job for a slot; None tells it to end."""
        if self._ready.qsize() <= self._low_water:
            self._freed()
        return self._ready.get()

    def withdraw(self) -> list[Job]:
        """Take back the jobs that no slot has started."""
        unstarted: list[Job] = []
        while True:
            try:
                job = self._ready.get_nowait()
            except Empty:
                break
            if job is not None:
                unstarted.append(job)
        self._withdrawn += len(unstarted)
        return unstarted

    def running(self) -> list[Job]:
        """Return the jobs that run at this moment."""
        return [job for slot in self._slots if (job := slot.job) is not None]

    def interrupt_late(self) -> None:
        now = time.monotonic()
        for slot in self._slots:
            slot.interrupt_if_late(now)

    def stop(self, timeout: float) -> None:
        """Let idle slots end; those that still run are left behind, as daemons."""
        for _ in self._slots:
            self._ready.put(None)
        deadline = time.monotonic() + timeout
        for slot in self._slots:
            slot.thread.join(max(0.0, deadline - time.monotonic()))
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)

    def run_coroutine(self, job: Job) -> Callable[[Coroutine[Any, Any, Any]], Any]:
        """Return what runs a coroutine job on the shared event loop, within its time limit."""

        def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
            limited = _within(job.time_limit, coroutine)
            return asyncio.run_coroutine_threadsafe(limited, self._event_loop()).result()

        return run

    def _event_loop(self) -> asyncio.AbstractEventLoop:
        with self._loop_lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=self._loop.run_forever, name="pgjobs-loop", daemon=True
                ).start()
            return self._loop


async def _within(limit: Any, coroutine: Coroutine[Any, Any, Any]) -> Any:
    try:
        async with asyncio.timeout(limit.total_seconds()) as timeout:
            return await coroutine
    except TimeoutError as error:
        if timeout.expired():
            raise JobTimeout(too_long(limit)) from error
        raise


def _set_async_exception(thread: int | None, error: type[BaseException] | None) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread or 0), ctypes.py_object(error) if error else None
    )


def _leave_connections_clean() -> None:
    """Drop what the job left broken or inside a transaction, so that the next one starts afresh.

    Sound connections stay open: a reconnect per job would cost more than most jobs.
    """
    for connection in connections.all(initialized_only=True):
        if connection.connection is None:
            continue
        if (
            connection.in_atomic_block
            or connection.errors_occurred
            or not connection.get_autocommit()
        ):
            connection.in_atomic_block = False
            connection.close()
