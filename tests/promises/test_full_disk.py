"""The server's disk is full for a while: a worker waits, logs it once, and loses no outcome."""

from __future__ import annotations

import json
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from example_project.postgres import EmbeddedPostgres
from pgjobs import events
from tests.apps.testapp.jobs import LargeResult, Noop
from tests.support.environment import with_settings
from tests.support.eventually import eventually
from tests.support.own_server import Server
from tests.support.prepared_cluster import copy_prepared_cluster
from tests.support.small_disk import SmallDisk, small_disk
from tests.support.worker_process import RunningWorker

SEVERAL_TRIES = 6.0
"""Seconds in which a waiting worker has tried more than once."""


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "disk", mebibytes=160) as disk:
        yield disk


@pytest.fixture
def postgres(disk: SmallDisk) -> Iterator[EmbeddedPostgres]:
    # The data lies beside the disk, which is unmounted after the server has stopped. A directory
    # that was given outlives a stop of the server.
    data = copy_prepared_cluster(disk.path.parent / "postgres")
    with EmbeddedPostgres(data) as postgres:
        yield postgres


def test_a_disk_without_room_for_rows_delays_outcomes_and_loses_none(
    disk: SmallDisk, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    move_the_tables(postgres, disk)
    server = Server(postgres)
    with RunningWorker(environment(server), "-c", "2") as worker:
        early = jobs_that_wait_for(tmp_path / "released", server)
        enqueue_many(server, 300)
        disk.fill()
        (tmp_path / "released").touch()
        away = worker.until_told(events.DatabaseAway, part="recording")
        assert "could not extend file" in away["error"]
        time.sleep(SEVERAL_TRIES)
        assert [server.status(job) for job in early] == ["running"] * 2
        assert len(worker.told(events.DatabaseAway, part="recording")) == 1
        disk.make_room()
        eventually(lambda: server.count("completed") == 302, timeout=60)
        assert len(worker.told(events.DatabaseAway, part="claiming")) <= 1
        assert worker.stop() == 0
    assert epochs(server, early) == [1, 1]  # each job was recorded after its first run


def test_a_disk_without_room_for_rows_delays_claims_and_loses_none(
    disk: SmallDisk, postgres: EmbeddedPostgres
) -> None:
    move_the_tables(postgres, disk)
    server = Server(postgres)
    with RunningWorker(environment(server), "-c", "2") as worker:
        worker.until_told(events.WorkerStarted)
        server.ask("INSERT INTO pgjobs_pause (kind, name) VALUES ('queue', 'default')")
        enqueue_many(server, 1000)
        disk.fill()
        server.ask("DELETE FROM pgjobs_pause")
        away = worker.until_told(events.DatabaseAway, part="claiming")
        assert "could not extend file" in away["error"]
        time.sleep(SEVERAL_TRIES)
        assert server.count("completed") < 1000
        assert len(worker.told(events.DatabaseAway, part="claiming")) == 1
        disk.make_room()
        eventually(lambda: server.count("completed") == 1000, timeout=60)
        assert worker.stop() == 0
        # Not the epoch: a job that waits too long for a slot is given back and claimed again.
        starts = Counter(event["job"] for event in worker.told(events.JobStarted))
    assert starts.keys() >= set(range(1, 1001))
    assert max(starts.values()) == 1


def test_a_disk_without_room_for_wal_stops_the_server_and_loses_no_outcome(
    disk: SmallDisk, postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    move_the_wal(postgres, disk)
    server = Server(postgres)
    with RunningWorker(environment(server), "-c", "2") as worker:
        early = jobs_that_wait_for(tmp_path / "released", server)
        # A durable commit, which makes the claims before it durable.
        server.ask("CREATE TABLE flushed ()")
        disk.fill()
        write_wal_until_the_server_gives_up(server)
        assert "could not write to file" in postgres.log.read_text()
        (tmp_path / "released").touch()
        worker.until_told(events.DatabaseAway, part="recording")
        time.sleep(SEVERAL_TRIES)
        assert len(worker.told(events.DatabaseAway, part="recording")) == 1
        assert len(worker.told(events.DatabaseAway, part="claiming")) == 1
        assert "pool-1" not in worker.output
        disk.make_room()
        postgres.restart()
        eventually(lambda: server.count("completed") == 2, timeout=60)
        assert worker.stop() == 0
    assert epochs(server, early) == [1, 1]


def environment(server: Server) -> dict[str, str]:
    """Return the environment of a worker that polls: a row inserted by hand rings no bell."""
    return with_settings(server.environment, HEARTBEAT_INTERVAL=0.5)


def move_the_tables(postgres: EmbeddedPostgres, disk: SmallDisk) -> None:
    """Move the tables to the small disk, without the write-ahead log: the server gives up if it has
    no room for its log."""
    place = disk.directory_like(postgres.data / "cluster")
    with psycopg.connect(postgres.url, dbname="template1", autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
        connection.execute("ALTER DATABASE postgres SET TABLESPACE small")


def move_the_wal(postgres: EmbeddedPostgres, disk: SmallDisk) -> None:
    postgres.stop()
    here = postgres.data / "cluster" / "pg_wal"
    there = disk.directory_like(here)
    shutil.copytree(here, there, dirs_exist_ok=True)
    shutil.rmtree(here)
    here.symlink_to(there)
    postgres.start()


def write_wal_until_the_server_gives_up(server: Server) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            server.ask("SELECT pg_logical_emit_message(false, 'test', repeat('x', 1000000))")
            server.ask("SELECT pg_switch_wal()")
            continue
        return
    pytest.fail("The server still finds room for its write-ahead log.")


def jobs_that_wait_for(path: Path, server: Server) -> list[int]:
    jobs = [server.enqueue(LargeResult, json.dumps({"path": str(path)})) for _ in range(2)]
    eventually(lambda: server.count("running") == 2, timeout=30)
    return jobs


def enqueue_many(server: Server, number: int) -> None:
    """Enqueue jobs with arguments that fill pages, so that claiming soon needs new pages."""
    server.ask(
        "INSERT INTO pgjobs_job (job_class, name, queue_name, kwargs) "
        "SELECT %s, 'test', 'default', %s FROM generate_series(1, %s)",
        Noop.path,
        json.dumps({"much": "x" * 900}),
        number,
    )


def epochs(server: Server, jobs: list[int]) -> list[int]:
    found: list[int] = server.ask(
        "SELECT array_agg(epoch) FROM pgjobs_job WHERE id = ANY(%s)", jobs
    )
    return found
