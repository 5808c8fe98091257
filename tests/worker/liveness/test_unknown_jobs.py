"""Claims and locks that a worker holds by its row alone, because the answer was lost on the way."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
from django.db.models.functions import Now

from pgjobs import events
from pgjobs.models import Job, WorkerProcess
from pgjobs.sql.locks import WORKER_LOCK
from tests.apps.testapp.jobs import Tracing, WaitingForFile
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.sessions import terminate
from tests.support.sql import advisory_locks, view
from tests.support.worker_process import RunningWorker, until_next_beat


def as_if_claimed_by(worker: WorkerProcess, job: Job) -> None:
    """Give the row the values of a claim with a lost answer."""
    Job.objects.filter(pk=job.pk).update(
        status="running", started=Now(), epoch=1, attempt=1, worker=worker
    )


def test_a_claim_whose_answer_was_lost_is_undone_by_its_own_worker(
    child_environment: Environment,
) -> None:
    with RunningWorker(child_environment, "high").until_started() as worker:
        row = WorkerProcess.objects.get(pid=worker.pid)
        job = Tracing.enqueue()  # in a queue that no worker serves
        as_if_claimed_by(row, job)
        until_status(job, "pending")
    job.refresh_from_db()
    assert (job.epoch, job.attempt, job.interruptions) == (1, 0, 1)


def test_a_claim_that_its_worker_knows_is_not_undone(
    child_environment: Environment, tmp_path: Path
) -> None:
    path = tmp_path / "end"
    with RunningWorker(child_environment, "default").until_started() as worker:
        known = WaitingForFile.enqueue(path=str(path))
        until_status(known, "running")
        unknown = Tracing.enqueue(queue_name="low")
        as_if_claimed_by(WorkerProcess.objects.get(pid=worker.pid), unknown)
        until_status(unknown, "pending")  # the worker has compared its jobs with its rows
        path.touch()
        until_status(known, "completed")
        assert len(worker.told(events.JobTakenBack)) == 1
    known.refresh_from_db()
    assert (known.epoch, known.interruptions) == (1, 0)


def test_a_worker_takes_its_lock_again_once_its_lost_session_releases_it(
    child_environment: Environment,
) -> None:
    environment = with_settings(child_environment, HEARTBEAT_INTERVAL=0.5)
    with (
        RunningWorker(environment).until_started() as worker,
        psycopg.connect(environment["DATABASE_URL"], autocommit=True) as lingering,
        ThreadPoolExecutor(1) as thread,
    ):
        row = WorkerProcess.objects.get(pid=worker.pid)
        # This session stands next in line, so it gets the lock as soon as the worker's connection
        # is lost. It stands for the worker's own lost session, which keeps the lock while the
        # server does not know of the loss.
        taking = thread.submit(
            lingering.execute, "SELECT pg_advisory_lock(%s, %s)", [WORKER_LOCK, row.pk]
        )
        eventually(lambda: [lock for lock in advisory_locks() if not lock["granted"]])
        terminate([view("workers", row.pk)["backend_pid"]])
        taking.result()
        until_next_beat(row)
        until_next_beat(row)  # the worker is back, and without its lock
        lingering.execute("SELECT pg_advisory_unlock(%s, %s)", [WORKER_LOCK, row.pk])
        eventually(lambda: view("workers", row.pk)["backend_pid"])
