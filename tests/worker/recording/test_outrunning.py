"""A worker does not run far ahead of its recorder: after its death, all unrecorded jobs would run
again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pgjobs.worker.claiming.pace import LARGEST_CLAIM
from pgjobs.worker.held import MOST_UNRECORDED
from tests.apps.testapp.jobs import Noop
from tests.support.eventually import eventually
from tests.support.own_server import Server, own_server
from tests.support.processes import frozen
from tests.support.worker_process import RunningWorker

JOBS = 10_000


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with own_server(tmp_path / "pg") as server:
        yield server


def stands_still(server: Server) -> bool:
    before = server.count("pending")
    time.sleep(1.5)
    return server.count("pending") == before < JOBS


def test_a_worker_whose_outcomes_are_not_written_stops_claiming(server: Server) -> None:
    server.enqueue(Noop)
    with RunningWorker(server.environment) as worker:
        eventually(lambda: server.count("completed") >= 1)
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
            assert server.count("running") <= MOST_UNRECORDED + 3 * LARGEST_CLAIM
        eventually(lambda: server.count("completed") > JOBS, timeout=60)
        assert worker.stop() == 0
