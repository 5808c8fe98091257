"""PostgreSQL stops and comes back; the worker waits, and loses no outcome."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from pgjobs import events
from tests.apps.testapp.jobs import Tracing, WaitingForFile
from tests.support.eventually import eventually
from tests.support.missing_locks import register_a_worker, workers_without_lock
from tests.support.own_server import Server, own_server
from tests.support.worker_process import RunningWorker

FAR_FROM_THE_LEASE = 8.0
"""Seconds; a missing lock counts after three."""


@pytest.fixture
def server() -> Iterator[Server]:
    with own_server(synchronous_commit="on") as server:
        yield server


def test_a_worker_goes_on_after_a_crash_of_its_server_and_records_the_outcome_reached_meanwhile(
    server: Server, tmp_path: Path
) -> None:
    released = tmp_path / "released"
    job = server.enqueue(WaitingForFile, f'{{"path": "{released}"}}')
    with RunningWorker(server.environment) as worker:
        eventually(lambda: server.status(job) == "running", timeout=30)
        eventually(lambda: server.ticks() == 1, timeout=30)
        pid = server.ask("SELECT pid FROM pgjobs_worker")
        # A durable commit, which makes the claim before it durable.
        server.ask("CREATE TABLE flushed ()")
        server.crash()
        released.touch()
        worker.until_told(events.DatabaseAway, part="recording")
        server.postgres.restart()
        eventually(lambda: server.status(job) == "completed", timeout=30)
        # All parts of the worker are back: it beats, sits down, claims, runs, records, and keeps
        # the time.
        for _ in range(5):
            eventually(lambda: server.ask("SELECT count(*) FROM pgjobs_doorbell"), timeout=30)
            after = server.enqueue(Tracing)
            server.ring()
            eventually(partial(server.has_completed, after), timeout=30)
        server.ask("UPDATE pgjobs_schedule SET next_run = statement_timestamp()")
        eventually(lambda: server.ticks() == 2, timeout=30)
        assert server.ask("SELECT array_agg(pid) FROM pgjobs_worker WHERE stopped IS NULL") == [pid]
        assert worker.stop() == 0
    assert server.ask("SELECT epoch FROM pgjobs_job WHERE id = %s", job) == 1


def test_a_missing_lock_counts_against_a_worker_that_beat_since_the_restart(
    server: Server,
) -> None:
    away = register_a_worker(server.postgres)
    server.postgres.restart("fast")
    back = register_a_worker(server.postgres)
    assert workers_without_lock(server.postgres) == {away: False, back: True}


def test_a_missing_lock_counts_against_a_worker_that_beat_since_a_recovery_in_place(
    server: Server,
) -> None:
    away = register_a_worker(server.postgres)
    server.crash_in_place()
    back = register_a_worker(server.postgres)
    assert workers_without_lock(server.postgres) == {away: False, back: True}


def test_a_death_just_before_a_restart_is_noticed_once_the_living_had_time_to_reconnect(
    server: Server, tmp_path: Path
) -> None:
    waits: list[float] = []
    while not waits or waits[-1] > FAR_FROM_THE_LEASE:
        assert len(waits) < 3, waits  # a crowded machine may take longer, but not each time
        waits.append(from_restart_to_rescue(server, tmp_path / "never"))


def from_restart_to_rescue(server: Server, path: Path) -> float:
    with RunningWorker(server.environment) as victim:
        job = server.enqueue(WaitingForFile, f'{{"path": "{path}"}}')
        eventually(lambda: server.status(job) == "running", timeout=30)
        server.ask("CREATE TABLE IF NOT EXISTS flushed ()")
        # A durable commit, which makes the claim before it durable.
        server.ask("DROP TABLE flushed")
        with RunningWorker(server.environment) as rescuer:
            rescuer.until_told(events.WorkerStarted)
            victim.kill()
            server.postgres.restart("immediate")
            accepted = time.monotonic()
            rescuer.until_told(events.JobRescued, job=job)
            return time.monotonic() - accepted
