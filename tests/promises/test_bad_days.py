"""The database's bad days: a worker waits, goes on without help, and loses no outcome."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pgjobs import events
from pgjobs.models import Job, WorkerProcess
from tests.apps.testapp.jobs import Tracing, WaitingForFile
from tests.support import traces
from tests.support.environment import Environment, with_apps, with_settings
from tests.support.eventually import eventually
from tests.support.job_status import has_status, until_status
from tests.support.sessions import ROLE, backends, terminate
from tests.support.sql import query
from tests.support.worker_process import RunningWorker

# The last statement of each session of the clock: it listens, takes its tick, defers it, keeps
# time.
CLOCKS = [
    "LISTEN",
    "COMMIT",
    "SELECT procrastinate_defer_periodic_job",
    "SELECT MIN(",
]
UNREACHABLE = "The worker can't reach the database"


def run_a_job() -> None:
    until_status(Tracing.enqueue(), "completed")


@pytest.fixture
def switch_read_only(child_environment: Environment) -> Iterator[None]:
    database = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    query(f"ALTER DATABASE {database} SET default_transaction_read_only = off")
    yield
    query(f"ALTER DATABASE {database} RESET default_transaction_read_only")


def make_read_only(is_read_only: bool) -> None:
    database = connection.ops.quote_name(str(connection.settings_dict["NAME"]))
    query(
        f"ALTER DATABASE {database} "
        f"SET default_transaction_read_only = {'on' if is_read_only else 'off'}"
    )


def test_a_worker_goes_on_after_any_of_the_engines_connections_was_ended(
    child_environment: Environment, tmp_path: Path
) -> None:
    throughout = WaitingForFile.enqueue(path=str(tmp_path / "go"))
    with RunningWorker(child_environment, "-c", "2") as worker:
        run_a_job()
        identity = WorkerProcess.objects.get().pk
        for name in ("claims", "records", "presence"):
            terminate(backends(f"pgjobs {name}"))
            run_a_job()
            eventually(partial(backends, f"pgjobs {name}"))
        terminate(backends("pgjobs"))
        (tmp_path / "go").touch()
        until_status(throughout, "completed")
        assert worker.stop() == 0
    throughout.refresh_from_db()
    assert (throughout.epoch, throughout.worker_id) == (1, identity)
    assert traces.labels() == ["ran"] * 4


def test_the_clock_goes_on_after_any_of_its_sessions_was_ended(
    child_environment: Environment,
) -> None:
    with RunningWorker(with_apps(child_environment, "clockapp")) as worker:
        traces.until("tick")
        for statement in CLOCKS:
            terminate(eventually(partial(sessions_that_said_last, statement), timeout=30))
            for _ in range(2):  # again, on the session that replaced the ended one
                assert ticks_once_more()
        assert not worker.told(events.ProcrastinateWorkerLost)
        assert worker.stop() == 0


def sessions_that_said_last(statement: str) -> list[int]:
    rows = query(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND application_name = '' AND starts_with(query, %s)",
        statement,
    )
    return [row["pid"] for row in rows]


def ticks_once_more() -> bool:
    before = traces.count("tick")
    query("UPDATE pgjobs_schedule SET next_run = statement_timestamp()")
    return eventually(lambda: traces.count("tick") > before, timeout=30)


def test_a_connection_that_was_ended_between_two_jobs_costs_no_job(
    child_environment: Environment,
) -> None:
    with RunningWorker(child_environment, "-c", "1"):
        run_a_job()
        terminate(backends())
        run_a_job()
    assert not Job.objects.exclude(status="completed").exists()


def test_a_worker_that_cannot_connect_waits_and_keeps_its_outcome(
    role: Environment, tmp_path: Path
) -> None:
    job = WaitingForFile.enqueue(path=str(tmp_path / "go"))
    with RunningWorker(role) as worker:
        until_status(job, "running")
        query(f"ALTER ROLE {ROLE} CONNECTION LIMIT 0")
        terminate(backends())
        (tmp_path / "go").touch()
        worker.until_told(events.DatabaseAway, error="too many connections for role")
        worker.until_told(events.DatabaseAway, part="recording")
        assert has_status(job, "running")
        query(f"ALTER ROLE {ROLE} CONNECTION LIMIT -1")
        until_status(job, "completed")
        run_a_job()
        assert len(worker.told(events.DatabaseAway, part="recording")) == 1
        assert worker.stop() == 0
    assert Job.objects.get(pk=job.pk).epoch == 1


def test_a_worker_that_is_cut_off_for_too_long_stops_its_jobs(
    role: Environment, tmp_path: Path
) -> None:
    job = WaitingForFile.enqueue(path=str(tmp_path / "go"))
    impatient = with_settings(role, HEARTBEAT_INTERVAL=0.5, HEARTBEAT_TIMEOUT=2)
    with RunningWorker(impatient) as worker:
        until_status(job, "running")
        query(f"ALTER ROLE {ROLE} CONNECTION LIMIT 0")
        terminate(backends())
        worker.until_told(events.StopRequested, job=job.pk, reason=UNREACHABLE)
        (tmp_path / "go").touch()
        query(f"ALTER ROLE {ROLE} CONNECTION LIMIT -1")
        until_status(job, "completed")
    job.refresh_from_db()
    assert (job.epoch, job.attempt, job.interruptions) == (2, 1, 1)


def test_a_worker_whose_heartbeat_hangs_stops_its_jobs_in_time(
    child_environment: Environment, tmp_path: Path
) -> None:
    job = WaitingForFile.enqueue(path=str(tmp_path / "go"))
    impatient = with_settings(child_environment, HEARTBEAT_INTERVAL=0.5, HEARTBEAT_TIMEOUT=3)
    with RunningWorker(impatient) as worker:
        until_status(job, "running")
        # Until the transaction ends, a beat waits for this lock and does not fail.
        with transaction.atomic():
            WorkerProcess.objects.select_for_update().get(pid=worker.pid)
            worker.until_told(events.StopRequested, job=job.pk, reason=UNREACHABLE)


def test_a_worker_that_was_paused_without_others_to_rescue_its_jobs_keeps_them(
    child_environment: Environment, tmp_path: Path
) -> None:
    job = WaitingForFile.enqueue(path=str(tmp_path / "go"))
    impatient = with_settings(child_environment, HEARTBEAT_INTERVAL=0.5, HEARTBEAT_TIMEOUT=3)
    with RunningWorker(impatient) as worker:
        until_status(job, "running")
        beat = WorkerProcess.objects.get(pid=worker.pid).heartbeat
        worker.pause()
        eventually(lambda: timezone.now() - beat > timedelta(seconds=5))
        worker.resume()
        eventually(lambda: WorkerProcess.objects.filter(heartbeat__gt=beat).exists())
        (tmp_path / "go").touch()
        until_status(job, "completed")
        assert not worker.told(events.StopRequested)
    assert Job.objects.get(pk=job.pk).epoch == 1


@pytest.mark.usefixtures("switch_read_only")
def test_a_database_that_is_read_only_for_a_while_loses_no_outcome(
    child_environment: Environment, tmp_path: Path
) -> None:
    job = WaitingForFile.enqueue(path=str(tmp_path / "go"))
    with RunningWorker(child_environment) as worker:
        until_status(job, "running")
        make_read_only(True)
        terminate(backends())
        (tmp_path / "go").touch()
        worker.until_told(events.DatabaseAway, error="in a read-only transaction")
        worker.until_told(events.DatabaseAway, part="recording")
        assert has_status(job, "running")
        make_read_only(False)
        until_status(job, "completed")
        run_a_job()
        assert worker.process.poll() is None
    assert Job.objects.get(pk=job.pk).epoch == 1
