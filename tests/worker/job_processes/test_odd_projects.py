"""Isolated jobs beside code that uses up, spoils or takes what a worker needs for them."""

from __future__ import annotations

import pytest

from pgjobs.models import Job
from tests.apps.isolated.jobs import Shows, SpoilsItsWorker
from tests.support.environment import Environment
from tests.support.worker_process import run_burst


@pytest.mark.parametrize("how", ["opens_many_files", "sets_a_default_timeout"])
def test_a_thread_job_that_spoils_its_worker_does_not_hinder_them(
    environment: Environment, kind: str, how: str
) -> None:
    jobs = [
        Shows.enqueue(),
        SpoilsItsWorker.enqueue(how=how),
        *[Shows.enqueue() for _ in range(3)],
    ]
    run_burst(environment, "--isolation", kind, "--concurrency", "1")
    rows = Job.objects.filter(pk__in=[job.pk for job in jobs])
    assert {(row.status, row.epoch, row.error) for row in rows} == {("completed", 1, "")}
