"""A lock on a table, as ALTER TABLE takes one, makes no living worker look dead."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.db import connection, transaction

from pgjobs import events
from tests.apps.testapp.jobs import WaitingForFile
from tests.support.environment import Environment, with_settings
from tests.support.job_status import until_status
from tests.support.worker_process import NERVOUS, RunningWorker


@pytest.mark.parametrize(
    "table", ["pgjobs_job", "pgjobs_pause", "pgjobs_order", "pgjobs_worker_facts"]
)
def test_a_lock_that_outlasts_the_lease_costs_no_worker_its_jobs(
    child_environment: Environment, tmp_path: Path, table: str
) -> None:
    end = tmp_path / "end"
    job = WaitingForFile.enqueue(path=str(end))
    with RunningWorker(with_settings(child_environment, **NERVOUS)).until_started() as worker:
        until_status(job, "running")
        with transaction.atomic():
            connection.cursor().execute(f"LOCK TABLE {table}")
            time.sleep(1.5 * NERVOUS["HEARTBEAT_TIMEOUT"])
        end.touch()
        until_status(job, "completed")
        assert worker.told(events.WorkerTakenForDead) == []
        assert worker.told(events.StopRequested) == []
    job.refresh_from_db()
    assert (job.attempt, job.interruptions) == (1, 0)
