"""A worker in a thread of the test, for tests whose transactions commit.

It is the worker of ``pgjobs_worker`` without a process of its own. So it has the test's database,
its settings, mocks and travelled time, and its log lines are in the report of the test.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self

from django.db import connections
from django.db.transaction import TransactionManagementError

from pgjobs.choices import JobStatus
from pgjobs.conf import LONGEST, MOST_SLOTS
from pgjobs.models import Job
from pgjobs.models.job_database import job_database
from pgjobs.showing import brief
from pgjobs.testing.lanes import lanes
from pgjobs.worker.options import WorkerOptions
from pgjobs.worker.worker import Worker

_NAME: Final = "pgjobs live worker"
_PATIENCE: Final = 10.0
"""Seconds in which a worker ends that does not wait for its jobs."""


class LiveWorker:
    """A worker that runs beside the test, from the start to the end of its ``with`` block."""

    def __init__(self, options: WorkerOptions, timeout: float) -> None:
        self._worker = Worker(options)
        self._timeout = timeout
        self._thread = threading.Thread(target=self._run, name=_NAME, daemon=True)
        self._error: BaseException | None = None
        self._is_stopped = False

    def start(self) -> None:
        """Start to claim jobs.

        Raises TransactionManagementError in a transaction: the worker would see no row of the test.
        """
        if connections[job_database()].in_atomic_block:
            raise TransactionManagementError(
                "live_worker() is called in a transaction, whose jobs no worker sees. Derive the "
                "test from TransactionTestCase, or mark it with "
                "@pytest.mark.django_db(transaction=True). In a TestCase, run_jobs() runs the jobs."
            )
        self._thread.start()

    def stop(self) -> None:
        """End once the running jobs have ended; do nothing if it was told to end before.

        Raises AssertionError if the jobs take longer than the timeout, and the exception by which
        the worker ended itself.
        """
        if self._is_stopped or self._thread.ident is None:
            return
        self._is_stopped = True
        self._worker.stop()
        self._thread.join(self._timeout)
        if self._thread.is_alive():
            late = _running()
            self.leave_jobs()
            raise AssertionError(
                f"The live worker did not end within {self._timeout:g} s, because of {late}. Let "
                "its jobs end in the test, or give a longer timeout=…."
            )
        if self._error is not None:
            raise self._error

    def leave_jobs(self) -> None:
        """End without waiting for running jobs, whose threads nothing can end."""
        self._is_stopped = True
        self._worker.stop()
        self._worker.stop()  # told twice: don't wait for them
        self._thread.join(_PATIENCE)

    def __enter__(self) -> Self:
        if self._thread.ident is None:  # the fixture and the mixin have started it
            self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            self.stop()
        else:
            self._stop_after(error)

    def _stop_after(self, error: BaseException) -> None:
        """End because ``error`` has left the block: it must reach the runner of the tests."""
        if not isinstance(error, Exception):  # Ctrl-C: whoever sits there waits for no job
            self.leave_jobs()
            return
        try:
            self.stop()
        except Exception as problem:
            error.add_note(f"{type(problem).__name__} of the live worker: {problem}")

    def _run(self) -> None:
        try:
            self._worker.run()
        except BaseException as error:
            self._error = error


def _running() -> str:
    running = Job.objects.using(job_database()).filter(status=JobStatus.RUNNING)
    return ", ".join(f"job {job.pk} of {job.job_class}" for job in running) or "no job"


def live_worker(
    *, queues: Sequence[str] | None = None, concurrency: int = 1, timeout: float = 10
) -> LiveWorker:
    """Run a worker inside a ``with`` block; at its end, wait ``timeout`` seconds for running jobs.

    ``queues`` are served strictly in their order; None serves all, the queues of a worker without
    arguments first. The worker has no clock: `fire_schedules()` enqueues system jobs. Jobs of any
    isolation run in its threads. Wait for a job with ``job.wait()``.

    The end of the block raises AssertionError if jobs run on. If an exception leaves the block, it
    stays the one that is raised.
    """
    return LiveWorker(_options(queues, concurrency), _checked_timeout(timeout))


def _options(queues: Sequence[str] | None, concurrency: int) -> WorkerOptions:
    if type(concurrency) is not int or not 1 <= concurrency <= MOST_SLOTS:
        raise ValueError(
            f"concurrency must be a whole number from 1 to {MOST_SLOTS:,}, not "
            f"{brief(concurrency)}."
        )
    return WorkerOptions(
        queues=lanes(queues),
        concurrency=concurrency,
        name=_NAME,
        shutdown_timeout=timedelta(days=1),  # `LiveWorker` knows how long to wait
    )


def _checked_timeout(given: Any) -> float:
    if not (isinstance(given, int | float) and 0 <= given <= LONGEST):
        raise ValueError(f"timeout must be from 0 to {LONGEST:,} seconds, not {brief(given)}.")
    return given
