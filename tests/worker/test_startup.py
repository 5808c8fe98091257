"""A worker starts once its database answers; a refusal that waiting cannot mend ends it."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest

from pgjobs import events
from pgjobs.exceptions import DatabaseRefused
from pgjobs.worker.startup import refuse_if_hopeless
from tests.apps.testapp.jobs import Tracing
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.own_server import Server, own_server
from tests.support.primary_and_standby import Servers, WorkerOfTwo
from tests.support.sessions import ROLE
from tests.support.sql import query
from tests.support.worker_process import RunningWorker, SupervisedWorker

SEVERAL_TRIES = 3.0


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with own_server(synchronous_commit="on") as server:
        # The first fitting line counts: the server's own user needs no password, other users do.
        rules = server.postgres.data / "cluster" / "pg_hba.conf"
        rules.write_text("local all postgres trust\nlocal all all scram-sha-256\n")
        server.ask("SELECT pg_reload_conf()")
        server.ask("CREATE ROLE somebody LOGIN PASSWORD 'right'")
        server.ask("CREATE DATABASE empty")
        yield server


def assert_waits_quietly(worker: RunningWorker) -> None:
    worker.until_told(events.DatabaseAway, part="starting")
    time.sleep(SEVERAL_TRIES)
    assert worker.process.poll() is None
    assert len(worker.told(events.DatabaseAway)) == 1
    assert len(worker.output.splitlines()) == 1, worker.output


def test_a_worker_that_starts_before_its_server_waits_for_it(server: Server) -> None:
    job = server.enqueue(Tracing)
    server.crash()
    with SupervisedWorker(server.environment) as worker:
        assert_waits_quietly(worker)
        server.postgres.restart()
        eventually(lambda: server.status(job) == "completed", timeout=60)
        assert worker.stop() == 0


def test_a_worker_that_waits_for_its_server_can_be_stopped(server: Server) -> None:
    nowhere = server.postgres.url.replace("5432", "5433")
    with SupervisedWorker({**server.environment, "DATABASE_URL": nowhere}) as worker:
        worker.until_told(events.DatabaseAway, part="starting")
        assert worker.stop() == 0


@pytest.mark.parametrize(
    ("who", "database", "reason"),
    [
        ("somebody:wrong", "postgres", "password authentication failed"),
        ("somebody", "postgres", "no password supplied"),
        ("postgres", "nowhere", 'database "nowhere" does not exist'),
        ("postgres", "empty", 'run manage.py migrate. (relation "pgjobs_worker" does not exist'),
    ],
)
def test_a_worker_whose_database_refuses_it_for_good_ends_with_the_reason(
    server: Server, who: str, database: str, reason: str
) -> None:
    url = server.postgres.url.replace("postgres@", f"{who}@").removesuffix("postgres") + database
    with SupervisedWorker({**server.environment, "DATABASE_URL": url}) as worker:
        assert worker.wait() == 1
        assert reason in worker.output
        assert len(worker.output.splitlines()) == 1, worker.output


def test_a_value_that_the_database_can_not_store_at_the_start_ends_the_worker() -> None:
    with pytest.raises(DatabaseRefused, match=r"can't store .* too long"):
        refuse_if_hopeless(psycopg.errors.StringDataRightTruncation("value too long"))


def test_a_worker_without_a_free_connection_waits_for_one(role: dict[str, str]) -> None:
    job = Tracing.enqueue()
    query(f"ALTER ROLE {ROLE} CONNECTION LIMIT 0")
    with SupervisedWorker(role) as worker:
        assert_waits_quietly(worker)
        (away,) = worker.told(events.DatabaseAway)
        assert "too many connections for role" in away["error"]
        query(f"ALTER ROLE {ROLE} CONNECTION LIMIT -1")
        until_status(job, "completed")


def test_a_worker_that_finds_a_standby_alone_waits_for_its_promotion() -> None:
    servers = Servers()
    try:
        servers.start()
        servers.until_the_standby_has_all()
        servers.kill_the_primary()
        with WorkerOfTwo(servers.environment()) as worker:
            assert_waits_quietly(worker)
            servers.promote_the_standby()
            worker.until_told(events.WorkerStarted)
            assert worker.stop() == 0
    finally:
        servers.stop()
