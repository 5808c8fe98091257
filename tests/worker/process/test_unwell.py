"""A worker that can't go on with its work says so, and is not well or makes way for another."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pgjobs import events
from pgjobs.worker.process.child import EXIT_BROKEN
from tests.apps.testapp.jobs import Noop, Tracing
from tests.apps.unruly.jobs import HangsTheLog, KeepsFilesOpen, StopsTheClock
from tests.support import traces
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.sql import query
from tests.support.worker_process import SupervisedWorker, supervised_unruly_worker

SOON = {"HEARTBEAT_INTERVAL": 0.5, "HEARTBEAT_TIMEOUT": 2}

SLEEPS_FOR_EVER = """
CREATE FUNCTION project_sleep() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN PERFORM pg_sleep(3600); RETURN NEW; END $$;
CREATE TRIGGER project_sleep BEFORE UPDATE ON pgjobs_job FOR EACH ROW
WHEN (OLD.status = 'running') EXECUTE FUNCTION project_sleep()
"""
END_RECORDER = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'pgjobs records' AND datname = current_database()
"""


def test_a_worker_whose_recorder_does_not_come_back_says_so_and_is_not_well(
    child_environment: Environment, tmp_path: Path
) -> None:
    file = tmp_path / "alive"
    environment = with_settings(child_environment, **SOON)
    with SupervisedWorker(environment, "--liveness-file", str(file)) as worker:
        eventually(file.exists, timeout=30)
        query(SLEEPS_FOR_EVER)
        try:
            job = Noop.enqueue()
            worker.until_told(events.WorkerStuck, part="recording")
            file.unlink()
            time.sleep(2.5)
            assert not file.exists()
        finally:
            query(END_RECORDER)
            query("DROP FUNCTION project_sleep CASCADE")
        until_status(job, "completed")
        eventually(file.exists)


@pytest.mark.parametrize("ends", [True, False], ids=["in a slot", "in the watch"])
def test_a_worker_whose_log_hangs_is_replaced(child_environment: Environment, ends: bool) -> None:
    hanging = HangsTheLog.enqueue(timeout=1, ends=ends)
    with supervised_unruly_worker(child_environment, "-c", "1", **SOON) as worker:
        worker.until_told(events.ChildSilent)
        until_status(hanging, "completed")
        until_status(Noop.enqueue(), "completed")


def test_a_worker_whose_clock_a_job_has_replaced_is_replaced(
    child_environment: Environment,
) -> None:
    job = StopsTheClock.enqueue()
    with supervised_unruly_worker(child_environment, "-c", "1", **SOON) as worker:
        ended = worker.until_told(events.ChildEnded, code=EXIT_BROKEN)
        assert "time.monotonic()" in ended["reason"]
        until_status(job, "completed")


def test_a_worker_whose_jobs_keep_all_files_open_makes_way_for_another(
    child_environment: Environment,
) -> None:
    with supervised_unruly_worker(child_environment, "-c", "1") as worker:
        until_status(Tracing.enqueue(), "completed")
        until_status(KeepsFilesOpen.enqueue(), "completed")
        worker.until_told(events.FilesExhausted)
        worker.until_told(events.WorkerStopped)
        until_status(Tracing.enqueue(), "completed")
        assert worker.stop() == 0
    first, second = traces.pids("ran")
    assert first != second
