"""The test kit as methods of a TestCase."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pgjobs.testing.assertions import assert_enqueued, enqueued, refute_enqueued
from pgjobs.testing.running import fire_schedules, run_job, run_jobs
from pgjobs.testing.travelling import Travel, time_travel
from pgjobs.testing.worker_thread import LiveWorker, live_worker


class JobsTestMixin:
    """Adds the functions of ``pgjobs.testing`` to a ``TestCase`` or ``TransactionTestCase``."""

    assert_enqueued = staticmethod(assert_enqueued)
    refute_enqueued = staticmethod(refute_enqueued)
    enqueued = staticmethod(enqueued)
    run_job = staticmethod(run_job)
    run_jobs = staticmethod(run_jobs)
    fire_schedules = staticmethod(fire_schedules)

    def time_travel(self, to: datetime | timedelta) -> Travel:
        """Travel until the end of the test, or of a ``with`` block; see `pgjobs.testing`."""
        return self.enterContext(time_travel(to))  # type: ignore[attr-defined,no-any-return]

    def live_worker(self, **options: Any) -> LiveWorker:
        """Run a worker until the end of the test, or of a ``with`` block; see `pgjobs.testing`."""
        return self.enterContext(live_worker(**options))  # type: ignore[attr-defined,no-any-return]
