"""Callers that wait for the end of a job, in sessions that a limit or a pooler makes short."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from pgjobs.execution import waiting
from tests.apps.testapp.jobs import Held, Noop
from tests.support import traces
from tests.support.elsewhere import elsewhere, in_another_process
from tests.support.environment import Environment
from tests.support.job_status import until_status
from tests.support.pgbouncer import ANY, PROGRAM, PgBouncer
from tests.support.requirements import skip_or_fail
from tests.support.sessions import backends
from tests.support.sql import ask
from tests.support.worker_process import RunningWorker


def test_a_caller_outlives_the_limit_for_idle_sessions(
    child_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "_LOOKS", (3600.0,))
    options = "-c idle_session_timeout=300"
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", options)
    job, short = Held.enqueue(), Noop.enqueue(priority=-1)
    with RunningWorker(child_environment, "-c", "2"):
        ended = elsewhere(lambda: job.wait(60).status)
        until_status(short, "completed")
        waiter = backends("pgjobs wait")
        monkeypatch.undo()
        sleepers = "SELECT pg_sleep(1)"  # longer than the limit
        ask(child_environment["DATABASE_URL"], sleepers)
        assert backends("pgjobs wait") == waiter != []
        traces.release()
        assert ended.result(60) == "completed"


@pytest.fixture
def pooler_url(empty_queue: None) -> Iterator[str]:
    """The URL of the test's database through a pooler in transaction mode."""
    if PROGRAM is None:
        skip_or_fail("pgbouncer is not installed")
    ours: dict[str, Any] = connection.get_connection_params()
    way = ("host", "port", "user", "password")
    with PgBouncer({ANY: {key: value for key, value in ours.items() if key in way}}) as bouncer:
        yield bouncer.url(str(connection.settings_dict["NAME"]))


def test_a_caller_behind_a_pooler_leaves_nothing_in_its_session(
    child_environment: Environment, pooler_url: str
) -> None:
    before = limits(pooler_url)
    pooled = {**child_environment, "DATABASE_URL": pooler_url}
    code = (
        "from tests.apps.testapp.jobs import Noop\n"
        "assert Noop.enqueue().wait(60).status == 'completed'\n"
    )
    with (
        RunningWorker(child_environment, "-c", "1"),
        in_another_process(pooled, code) as process,
    ):
        assert process.wait(60) == 0

    assert ask(pooler_url, "SELECT pg_listening_channels()", prepare_threshold=None) == []
    assert limits(pooler_url) == before


def limits(url: str) -> list[Any]:
    return ask(url, "SHOW idle_session_timeout", prepare_threshold=None)
