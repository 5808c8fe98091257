"""A worker in a thread of the test, for tests whose transactions commit.

It is the worker of ``pgjobs_worker`` without a process of its own. So it has the test's database,
its settings, mocks and travelled time, and its log lines are in the report of the test.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Final

from django.db import connections
from django.db.transaction import TransactionManagementError

from pgjobs import queues as known
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.models.job_database import job_database
from pgjobs.showing import brief
from pgjobs.worker import Worker, WorkerOptions

_NAME: Final = "pgjobs live worker"
_PATIENCE: Final = 10.0
"""Seconds in which a worker ends that does not wait for its jobs."""


class LiveWorker:
    """A worker that runs beside the test."""

    def __init__(self, options: WorkerOptions) -> None:
        self._worker = Worker(options)
        self._thread = threading.Thread(target=self._run, name=_NAME, daemon=True)
        self._error: BaseException | None = None

    def start(self) -> None:
        """Start to claim jobs."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """End once the running jobs have ended. Raises AssertionError if they take longer."""
        self._worker.stop()
        self._thread.join(timeout)
        if self._thread.is_alive():
            late = _running()
            self._worker.stop()  # told twice: don't wait for them
            self._thread.join(_PATIENCE)
            raise AssertionError(
                f"The live worker did not end within {timeout:g} s, because of {late}. Let its "
                "jobs end in the test, or give a longer timeout=…."
            )
        if self._error is not None:
            raise self._error

    def _run(self) -> None:
        try:
            self._worker.run()
        except BaseException as error:
            self._error = error


def _running() -> str:
    running = Job.objects.using(job_database()).filter(status=JobStatus.RUNNING)
    return ", ".join(f"job {job.pk} of {job.job_class}" for job in running) or "no job"


@contextmanager
def live_worker(
    *, queues: Sequence[str] | None = None, concurrency: int = 1, timeout: float = 10
) -> Iterator[LiveWorker]:
    """Run a worker inside the block; at its end, wait ``timeout`` seconds for running jobs.

    ``queues`` are served strictly in their order; None serves all, the queues of a worker without
    arguments first. The worker has no clock: `fire_schedules()` enqueues system jobs. Jobs of any
    isolation run in its threads. Wait for a job with ``job.wait()``.

    Raises TransactionManagementError in a transaction: the worker would see no row of the test.
    """
    if connections[job_database()].in_atomic_block:
        raise TransactionManagementError(
            "live_worker() is called in a transaction, whose jobs no worker sees. Derive the test "
            "from TransactionTestCase, or mark it with @pytest.mark.django_db(transaction=True). "
            "In a TestCase, run_jobs() runs the jobs."
        )
    worker = LiveWorker(_options(queues, concurrency))
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(timeout)


def _options(queues: Sequence[str] | None, concurrency: int) -> WorkerOptions:
    if type(concurrency) is not int or concurrency < 1:
        raise ValueError(f"concurrency must be a whole number from 1, not {brief(concurrency)}.")
    if queues is not None:
        known.check_known(queues)
    return WorkerOptions(
        queues=known.known_queues() if queues is None else tuple(queues),
        concurrency=concurrency,
        name=_NAME,
        shutdown_timeout=timedelta(days=1),  # `LiveWorker.stop()` knows how long to wait
    )
