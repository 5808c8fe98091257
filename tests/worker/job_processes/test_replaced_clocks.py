"""A job that replaces the clock of its process: the worker goes by its own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pgjobs.models import Job
from tests.apps.isolated.jobs import ReplacesTheClock
from tests.support.environment import Environment
from tests.support.job_status import until_status
from tests.support.worker_process import RunningWorker


@pytest.mark.parametrize("moment", ["nan", "inf", "1e300", "1", "-1e300"])
def test_a_job_in_a_process_whose_clock_it_has_replaced_ends_with_the_moments_of_its_worker(
    environment: Environment, moment: str
) -> None:
    jobs = [ReplacesTheClock.enqueue(moment=moment) for _ in range(3)]
    with RunningWorker(environment, "-c", "1", "--isolation", "process") as worker:
        for job in jobs:
            until_status(job, "completed")
        assert worker.stop() == 0
    for row in Job.objects.all():
        assert row.started is not None
        assert row.completed is not None
        assert row.created <= row.started <= row.completed, worker.output
        assert row.completed - row.started < timedelta(minutes=1)
