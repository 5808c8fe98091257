"""PostgreSQL goes away and comes back; the worker waits, and loses nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from example_project.postgres import EmbeddedPostgres
from tests.conftest import ROOT
from tests.eventually import eventually
from tests.testapp.jobs import Tracing, WaitingForFile
from tests.worker_process import RunningWorker, with_settings

SETTINGS = {"HEARTBEAT_INTERVAL": 0.5, "POLL_INTERVAL": 3600}


class Server:
    """A PostgreSQL of the test's own, with pgjobs installed."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self.postgres = postgres
        self.environment = with_settings(
            {
                **os.environ,
                "DATABASE_URL": postgres.url,
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "EXTRA_APPS": "tests.clockapp",
                "PYTHONPATH": str(ROOT),
            },
            **SETTINGS,
        )
        migrate = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "-v", "0"]
        subprocess.run(migrate, env=self.environment, check=True)

    def ask(self, query: str, *parameters: Any) -> Any:
        with psycopg.connect(self.postgres.url, autocommit=True) as connection:
            cursor = connection.execute(query, parameters)
            row = cursor.fetchone() if cursor.description else None
            return row and row[0]

    def enqueue(self, job_class: Any, kwargs: str = "{}") -> int:
        job: int = self.ask(
            "INSERT INTO pgjobs_job (job_class, name, queue_name, kwargs) "
            "VALUES (%s, 'test', 'default', %s) RETURNING id",
            job_class.path,
            kwargs,
        )
        return job

    def ring(self) -> None:
        """Wake the worker as an enqueue would; it polls but once an hour."""
        self.ask(
            "WITH woken AS (DELETE FROM pgjobs_doorbell RETURNING worker_id) "
            "SELECT pg_notify('pgjobs_' || worker_id, '') FROM woken"
        )

    def status(self, job: int) -> str:
        return str(self.ask("SELECT status FROM pgjobs_job WHERE id = %s", job))

    def has_completed(self, job: int) -> bool:
        return self.status(job) == "completed"

    def ticks(self) -> int:
        return int(self.ask("SELECT count(*) FROM testapp_trace WHERE label = 'tick'"))

    def crash(self) -> None:
        os.kill(self.postgres.pid, signal.SIGQUIT)
        eventually(lambda: not is_alive(self.postgres.pid))


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def server() -> Iterator[Server]:
    with EmbeddedPostgres(settings={"synchronous_commit": "on"}) as postgres:
        yield Server(postgres)


def test_a_worker_outlives_a_crash_of_its_server_and_records_what_it_did_meanwhile(
    server: Server, tmp_path: Path
) -> None:
    released = tmp_path / "released"
    job = server.enqueue(WaitingForFile, f'{{"path": "{released}"}}')
    with RunningWorker(server.environment) as worker:
        eventually(lambda: server.status(job) == "running", timeout=30)
        eventually(lambda: server.ticks() == 1, timeout=30)
        pid = server.ask("SELECT pid FROM pgjobs_worker")
        server.ask("CREATE TABLE flushed ()")  # a durable commit, and with it the claim before it
        server.crash()
        released.touch()
        worker.until_it_says("recording waits for the database")
        server.postgres.restart()
        eventually(lambda: server.status(job) == "completed", timeout=30)
        # All of its parts are back: it beats, sits down, claims, runs, records, and keeps the time.
        for _ in range(5):
            eventually(lambda: server.ask("SELECT count(*) FROM pgjobs_doorbell"), timeout=30)
            after = server.enqueue(Tracing)
            server.ring()
            eventually(partial(server.has_completed, after), timeout=30)
        server.ask("UPDATE pgjobs_schedule SET next_run = statement_timestamp()")
        eventually(lambda: server.ticks() == 2, timeout=30)
        assert server.ask("SELECT array_agg(pid) FROM pgjobs_worker WHERE stopped IS NULL") == [pid]
        worker.terminate()
        assert worker.wait() == 0
    assert server.ask("SELECT epoch FROM pgjobs_job WHERE id = %s", job) == 1


def test_a_worker_that_starts_before_its_server_waits_for_it(server: Server) -> None:
    job = server.enqueue(Tracing)
    server.crash()
    with RunningWorker(server.environment) as worker:
        eventually(lambda: "ERROR" in worker.output or "WARNING" in worker.output, timeout=30)
        server.postgres.restart()
        eventually(lambda: server.status(job) == "completed", timeout=60)
