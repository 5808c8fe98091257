"""A PostgreSQL that one test may crash, fill and restart."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from example_project.postgres import EmbeddedPostgres
from tests.support.environment import environment_of, with_apps, with_settings
from tests.support.eventually import eventually
from tests.support.prepared_cluster import copy_prepared_cluster
from tests.support.processes import is_alive
from tests.support.sql import ask_for_one

SETTINGS = {"HEARTBEAT_INTERVAL": 0.5, "POLL_INTERVAL": 3600}


class Server:
    """A PostgreSQL of the test's own, with pgjobs installed."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self.postgres = postgres
        self.environment = with_settings(
            with_apps(environment_of(postgres.url), "clockapp"), **SETTINGS
        )

    def ask(self, query: str, *parameters: Any) -> Any:
        return ask_for_one(self.postgres.url, query, *parameters)

    def enqueue(self, job_class: Any, kwargs: str = "{}") -> int:
        job: int = self.ask(
            "INSERT INTO pgjobs_job (job_class, name, queue_name, kwargs) "
            "VALUES (%s, 'test', 'default', %s) RETURNING id",
            job_class.path,
            kwargs,
        )
        return job

    def ring(self) -> None:
        """Wake the worker as an enqueue would. The worker polls only once an hour."""
        self.ask(
            "WITH woken AS (DELETE FROM pgjobs_doorbell RETURNING worker_id) "
            "SELECT pg_notify('pgjobs_' || worker_id, '') FROM woken"
        )

    def status(self, job: int) -> str:
        return str(self.ask("SELECT status FROM pgjobs_job WHERE id = %s", job))

    def has_completed(self, job: int) -> bool:
        return self.status(job) == "completed"

    def count(self, status: str) -> int:
        """Return how many of the jobs that `enqueue` made have this status."""
        return int(
            self.ask("SELECT count(*) FROM pgjobs_job WHERE name = 'test' AND status = %s", status)
        )

    def ticks(self) -> int:
        return int(self.ask("SELECT count(*) FROM testapp_trace WHERE label = 'tick'"))

    def crash(self) -> None:
        os.kill(self.postgres.pid, signal.SIGQUIT)
        eventually(lambda: not is_alive(self.postgres.pid))

    def crash_in_place(self) -> None:
        """Kill a process of the server: the server then ends all its processes and recovers in
        place."""
        url = self.postgres.url
        with closing(psycopg.connect(url)) as crashing, closing(psycopg.connect(url)) as other:
            os.kill(crashing.info.backend_pid, signal.SIGKILL)
            eventually(lambda: not answers(other))
        eventually(self.is_there)

    def is_there(self) -> bool:
        with suppress(psycopg.OperationalError):
            return bool(self.ask("SELECT true"))
        return False


@contextmanager
def own_server(directory: Path | None = None, **settings: str) -> Iterator[Server]:
    """Start a PostgreSQL with these settings for one test, or for the tests of a file."""
    with temporary_directory() as temporary:
        data = copy_prepared_cluster(directory or temporary)
        with EmbeddedPostgres(data, settings=settings) as postgres:
            yield Server(postgres)


@contextmanager
def temporary_directory() -> Iterator[Path]:
    """Make a directory whose path is short enough for a socket; remove it in the end."""
    directory = Path(tempfile.mkdtemp(prefix="pgjobs-", dir="/tmp"))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def answers(connection: psycopg.Connection) -> bool:
    with suppress(psycopg.OperationalError):
        return connection.execute("SELECT true").fetchone() is not None
    return False
