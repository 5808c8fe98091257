"""The primary dies and its standby takes over, under workers that know both."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from example_project.postgres import EmbeddedPostgres
from pgjobs import events
from pgjobs.jobs import BackgroundJob
from tests.apps.testapp.jobs import Noop, WaitingForFile
from tests.support.environment import with_settings
from tests.support.eventually import PATIENCE, eventually
from tests.support.missing_locks import register_a_worker, workers_without_lock
from tests.support.primary_and_standby import Servers, WorkerOfTwo, ask_server


@pytest.fixture
def servers() -> Iterator[Servers]:
    servers = Servers()
    try:
        servers.start()
        yield servers
    finally:
        servers.stop()


@pytest.fixture
def environment(servers: Servers) -> dict[str, str]:
    return with_settings(servers.environment(), HEARTBEAT_INTERVAL=0.5)


def enqueue(
    server: EmbeddedPostgres,
    job_class: type[BackgroundJob],
    interval: int | None = None,
    **kwargs: Any,
) -> int:
    (row,) = ask_server(
        server,
        "INSERT INTO pgjobs_job (job_class, name, queue_name, interval, kwargs) "
        "VALUES (%s, 'job', 'default', %s, %s) RETURNING id",
        job_class.path,
        interval,
        json.dumps(kwargs),
    )
    return int(row[0])


def state(server: EmbeddedPostgres, job: int) -> tuple[str, int, int]:
    (row,) = ask_server(
        server, "SELECT status, epoch, interruptions FROM pgjobs_job WHERE id = %s", job
    )
    return row[0], row[1], row[2]


def until_status_on(server: EmbeddedPostgres, job: int, status: str) -> None:
    eventually(lambda: state(server, job)[0] == status, timeout=PATIENCE)


def successors(server: EmbeddedPostgres) -> list[tuple[Any, ...]]:
    return ask_server(server, "SELECT status, interval FROM pgjobs_job WHERE status = 'scheduled'")


def until_a_worker_beats(server: EmbeddedPostgres) -> None:
    heartbeats = "SELECT heartbeat FROM pgjobs_worker ORDER BY id"
    seen = ask_server(server, heartbeats)
    eventually(lambda: ask_server(server, heartbeats) != seen, timeout=PATIENCE)


def test_a_worker_goes_on_after_a_failover_and_records_the_outcomes_reached_meanwhile(
    servers: Servers, environment: dict[str, str], tmp_path: Path
) -> None:
    before = enqueue(servers.primary, Noop)
    with WorkerOfTwo(environment) as worker:
        until_status_on(servers.primary, before, "completed")
        path = tmp_path / "end"
        job = enqueue(servers.primary, WaitingForFile, interval=60, path=str(path))
        until_status_on(servers.primary, job, "running")
        servers.until_the_standby_has_all()
        servers.kill_the_primary()
        worker.until_told(events.DatabaseAway, part="claiming")
        path.touch()
        worker.until_told(events.DatabaseAway, part="recording")
        servers.promote_the_standby()
        until_status_on(servers.standby, job, "completed")
        after = enqueue(servers.standby, Noop)
        until_status_on(servers.standby, after, "completed")
        assert worker.stop() == 0
        assert len(worker.told(events.DatabaseAway, part="recording")) == 1
    assert state(servers.standby, before) == ("completed", 1, 0)
    assert state(servers.standby, job) == ("completed", 1, 0)
    assert successors(servers.standby) == [("scheduled", 60)]


def test_a_job_whose_outcome_the_standby_never_saw_runs_again_and_completes(
    servers: Servers, environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "end"
    with WorkerOfTwo(environment):
        job = enqueue(servers.primary, WaitingForFile, interval=60, path=str(path))
        until_status_on(servers.primary, job, "running")
        servers.until_the_standby_has_all()
        servers.cut_the_standby_off()
        path.touch()
        until_status_on(servers.primary, job, "completed")
        # This outcome is written after the first one was answered; an unanswered outcome is written
        # again.
        until_status_on(servers.primary, enqueue(servers.primary, Noop), "completed")
        servers.kill_the_primary()
        assert state(servers.standby, job) == ("running", 1, 0)
        servers.promote_the_standby()
        until_status_on(servers.standby, job, "completed")
    assert state(servers.standby, job) == ("completed", 2, 1)
    assert successors(servers.standby) == [("scheduled", 60)]


def test_a_run_whose_claim_the_standby_never_saw_cannot_finish_another_run(
    servers: Servers, environment: dict[str, str], tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    with WorkerOfTwo(environment).until_started() as first:
        ask_server(
            servers.primary, "INSERT INTO pgjobs_pause (kind, name) VALUES ('queue', 'default')"
        )
        job = enqueue(servers.primary, WaitingForFile, path=str(ours))
        servers.until_the_standby_has_all()
        servers.cut_the_standby_off()
        ask_server(servers.primary, "DELETE FROM pgjobs_pause")
        until_status_on(servers.primary, job, "running")
        first.pause()
        servers.kill_the_primary()
        servers.promote_the_standby()
        other_path = json.dumps({"path": str(theirs)})
        ask_server(servers.standby, "UPDATE pgjobs_job SET kwargs = %s", other_path)
        ask_server(servers.standby, "DELETE FROM pgjobs_pause")
        with WorkerOfTwo(environment) as second:
            until_status_on(servers.standby, job, "running")
            assert state(servers.standby, job) == ("running", 1, 0)  # the same epoch
            ours.touch()
            first.resume()
            first.until_told(events.OutcomeStale, job=job)
            assert state(servers.standby, job) == ("running", 1, 0)
            theirs.touch()
            until_status_on(servers.standby, job, "completed")
            assert not second.told(events.OutcomeStale)


def test_a_worker_that_is_slower_to_come_back_is_not_taken_for_dead(
    servers: Servers, environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "end"
    job = enqueue(servers.primary, WaitingForFile, path=str(path))
    with WorkerOfTwo(environment) as slow:
        until_status_on(servers.primary, job, "running")
        with WorkerOfTwo(environment).until_started() as quick:
            servers.until_the_standby_has_all()
            slow.pause()
            servers.kill_the_primary()
            servers.promote_the_standby()
            frozen = time.monotonic()
            # Long enough to be missed at two looks, and well within the eight seconds for
            # reconnecting.
            while time.monotonic() < frozen + 5:
                until_a_worker_beats(servers.standby)
            slow.resume()
            path.touch()
            until_status_on(servers.standby, job, "completed")
            assert not quick.told(events.JobTakenBack)
    assert state(servers.standby, job) == ("completed", 1, 0)


def test_a_missing_lock_counts_against_a_worker_that_beat_since_the_promotion(
    servers: Servers,
) -> None:
    away = register_a_worker(servers.primary)
    servers.until_the_standby_has_all()
    servers.kill_the_primary()
    servers.promote_the_standby()
    back = register_a_worker(servers.standby)
    assert workers_without_lock(servers.standby) == {away: False, back: True}


def test_the_views_on_a_standby_go_by_heartbeats_because_it_has_no_locks(
    servers: Servers, environment: dict[str, str], tmp_path: Path
) -> None:
    with WorkerOfTwo(environment):
        path = tmp_path / "end"
        job = enqueue(servers.primary, WaitingForFile, path=str(path))
        in_process = enqueue(servers.primary, Noop)
        ask_server(
            servers.primary,
            "UPDATE pgjobs_job SET status = 'running', started = now() WHERE id = %s RETURNING id",
            in_process,
        )
        until_status_on(servers.primary, job, "running")
        # Earlier than 10 seconds after its start a server counts no missing lock.
        old_enough = "SELECT 1 WHERE pg_postmaster_start_time() < now() - interval '10 seconds'"
        eventually(lambda: ask_server(servers.standby, old_enough))
        assert ask_server(servers.standby, "SELECT state FROM pgjobs_workers") == [("alive",)]
        running = "SELECT id, alive FROM pgjobs_running ORDER BY id"
        assert ask_server(servers.standby, running) == [(job, True), (in_process, None)]
        path.touch()
