"""The test kit as methods of a TestCase."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from pgjobs.testing.assertions import assert_enqueued, enqueued, refute_enqueued
from pgjobs.testing.running import fire_schedules, run_job, run_jobs
from pgjobs.testing.travelling import time_travel
from pgjobs.testing.worker_thread import LiveWorker, live_worker


class JobsTestMixin:
    """Adds the functions of ``pgjobs.testing`` to a ``TestCase`` or ``TransactionTestCase``."""

    assert_enqueued = staticmethod(assert_enqueued)
    refute_enqueued = staticmethod(refute_enqueued)
    enqueued = staticmethod(enqueued)
    run_job = staticmethod(run_job)
    run_jobs = staticmethod(run_jobs)
    fire_schedules = staticmethod(fire_schedules)
    time_travel = staticmethod(time_travel)

    def live_worker(self, **options: Any) -> LiveWorker:
        """Run a worker until the end of the test; see ``pgjobs.testing.live_worker``."""
        worker: AbstractContextManager[LiveWorker] = live_worker(**options)
        return self.enterContext(worker)  # type: ignore[attr-defined,no-any-return]
