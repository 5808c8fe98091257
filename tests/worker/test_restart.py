"""PostgreSQL goes away and comes back; the worker waits, and loses nothing."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import psycopg
import pytest

from example_project.postgres import EmbeddedPostgres
from pgjobs.sql import load
from tests.eventually import eventually
from tests.own_server import Server
from tests.testapp.jobs import Tracing, WaitingForFile
from tests.worker_process import RunningWorker


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


def test_just_after_a_server_start_a_missing_lock_counts_for_workers_that_have_beaten_since(
    server: Server,
) -> None:
    row = (
        "INSERT INTO pgjobs_worker (name, hostname, pid, queues, concurrency) "
        "VALUES ('w', 'h', 1, '{}', 1) RETURNING id"
    )
    server.ask(row)
    server.postgres.restart("immediate")
    beaten = server.ask(row)
    with psycopg.connect(server.postgres.url) as connection:
        numbers = {"timeout": 3600, "connected_for": 0}
        dead = connection.execute(load("dead_workers"), numbers).fetchall()

    assert [worker for worker, *_ in dead] == [beaten]
