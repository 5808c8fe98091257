"""A worker does not run far ahead of what it has recorded: all of that would run again after it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from example_project.postgres import EmbeddedPostgres
from pgjobs.worker.claiming.pace import LARGEST_CLAIM
from pgjobs.worker.held import MOST_UNRECORDED
from tests.eventually import eventually
from tests.own_server import Server
from tests.testapp.jobs import Noop
from tests.worker_process import RunningWorker

JOBS = 20_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with EmbeddedPostgres(tmp_path / "pg") as postgres:
        yield Server(postgres)


@contextmanager
def frozen(pid: int) -> Iterator[None]:
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def count(server: Server, status: str) -> int:
    found: int = server.ask("SELECT count(*) FROM pgjobs_job WHERE status = %s", status)
    return found


def stands_still(server: Server) -> bool:
    before = count(server, "pending")
    time.sleep(1.5)
    return count(server, "pending") == before < JOBS


def test_a_worker_whose_outcomes_are_not_written_claims_no_more(server: Server) -> None:
    server.enqueue(Noop)
    with RunningWorker(server.environment) as worker:
        eventually(lambda: count(server, "completed") >= 1)
        eventually(lambda: server.ask("SELECT count(*) FROM pgjobs_doorbell"))
        recorder = server.ask(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'pgjobs records'"
        )
        with frozen(recorder):
            server.ask(
                "INSERT INTO pgjobs_job (job_class, name, queue_name) "
                "SELECT %s, 'test', 'default' FROM generate_series(1, %s)",
                Noop.path,
                JOBS,
            )
            server.ring()
            eventually(lambda: stands_still(server), timeout=60)
            assert count(server, "running") <= MOST_UNRECORDED + 3 * LARGEST_CLAIM
        eventually(lambda: count(server, "completed") > JOBS, timeout=60)
        worker.terminate()
        assert worker.wait() == 0
