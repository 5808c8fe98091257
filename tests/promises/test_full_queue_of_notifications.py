"""The server's queue of notifications is full: jobs end, are rescued and recur all the same.

The queue belongs to all databases of the server. It fills while a session that listens leaves a
transaction open, and then PostgreSQL refuses each commit that notifies.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import NoReturn

import psycopg
import pytest

from example_project.postgres import binaries
from tests.apps.testapp.jobs import Noop, Tracing
from tests.support.environment import with_settings
from tests.support.eventually import eventually
from tests.support.own_server import Server, own_server
from tests.support.worker_process import RunningWorker, run_burst

SETTINGS = {"HEARTBEAT_INTERVAL": 0.5, "HEARTBEAT_TIMEOUT": 8, "POLL_INTERVAL": 0.5}


def version() -> int:
    """Return the major version of the PostgreSQL that tests start."""
    told = subprocess.run(
        [binaries() / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    return int(told.stdout.split()[2].split(".")[0])


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    if version() < 17:
        pytest.skip("before version 17 the queue has 8 GB")
    with own_server(max_notify_queue_pages="64") as server:
        server.environment = with_settings(server.environment, **SETTINGS)
        url = server.postgres.url
        with psycopg.connect(url) as listening, psycopg.connect(url, autocommit=True) as other:
            listening.execute("LISTEN project")
            listening.commit()
            listening.execute("SELECT 1")  # this transaction stays open
            with pytest.raises(psycopg.errors.ProgramLimitExceeded):
                notify_without_end(other)
            yield server


def notify_without_end(connection: psycopg.Connection) -> NoReturn:
    while True:
        connection.execute("SELECT pg_notify('project', repeat('x', 7000))")


def test_a_job_ends_for_which_somebody_waits(server: Server) -> None:
    job = server.enqueue(Noop)
    server.ask("INSERT INTO pgjobs_waiter (job_id) VALUES (%s) RETURNING id", job)

    run_burst(server.environment)

    assert server.status(job) == "completed"


def test_the_job_of_a_dead_worker_runs_again_beside_an_idle_worker(server: Server) -> None:
    job = server.enqueue(Tracing, '{"seconds": 3600}')
    with RunningWorker(server.environment) as dies:
        eventually(lambda: server.status(job) == "running", timeout=60)
        with RunningWorker(server.environment):
            eventually(lambda: server.ask("SELECT count(*) FROM pgjobs_doorbell"), timeout=60)
            dies.kill()
            eventually(lambda: runs_again(server, job), timeout=60)
            server.ask("DELETE FROM pgjobs_job WHERE id = %s RETURNING id", job)


def runs_again(server: Server, job: int) -> bool:
    return bool(
        server.ask("SELECT epoch = 2 AND status = 'running' FROM pgjobs_job WHERE id = %s", job)
    )


def test_a_system_job_is_enqueued_when_it_is_due(server: Server) -> None:
    with RunningWorker(server.environment):
        eventually(lambda: server.ask("SELECT count(*) FROM pgjobs_schedule"), timeout=60)
        before = server.ticks()
        server.ask("UPDATE pgjobs_schedule SET next_run = statement_timestamp() RETURNING id")
        eventually(lambda: server.ticks() > before, timeout=60)
