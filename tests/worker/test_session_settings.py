"""The engine's own sessions, where the project's database or its OPTIONS ask for other settings."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from django.db import connection

from tests.apps.testapp.jobs import Noop
from tests.support import traces
from tests.support.engine import OpenConnection
from tests.support.environment import Environment, with_apps
from tests.support.job_status import until_status
from tests.support.sessions import ROLE
from tests.support.sql import query
from tests.support.worker_process import RunningWorker

ODD = {
    "IntervalStyle": "iso_8601",
    "DateStyle": "SQL,DMY",
    "default_transaction_isolation": "serializable",
}


@pytest.fixture
def odd_database(empty_queue: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database with settings that the engine's statements can't work with."""
    asked = " ".join(f"-c {name}={value}" for name, value in ODD.items())
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "options", asked)


@pytest.mark.parametrize("has_session", [True, False])
def test_an_engine_session_has_the_settings_that_its_statements_need(
    has_session: bool,
    odd_database: None,
    open_connection: OpenConnection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pgjobs.worker.connection.is_our_session", lambda _: has_session)
    engine = open_connection()

    def shown(name: str) -> str:
        (value,) = engine.cursor().execute(f"SHOW {name}".encode()).fetchone() or ("",)
        return str(value)

    assert shown("IntervalStyle") == "postgres"
    assert shown("DateStyle").startswith("ISO")
    assert shown("transaction_isolation") == "read committed"
    with engine.get().transaction():
        assert shown("transaction_isolation") == "read committed"


@pytest.fixture
def login(child_environment: Environment) -> Iterator[Environment]:
    """The environment of a worker whose login may do nothing until it assumes a role."""
    owner = f"{ROLE}_owner"
    query(f"CREATE ROLE {owner}")
    for kind in ("TABLES", "SEQUENCES"):
        query(f"GRANT ALL ON ALL {kind} IN SCHEMA public TO {owner}")
    query(f"CREATE ROLE {ROLE} LOGIN NOINHERIT PASSWORD 'secret' IN ROLE {owner}")
    query(f"ALTER ROLE {ROLE} SET IntervalStyle = 'iso_8601'")
    query(f"ALTER ROLE {ROLE} SET default_transaction_isolation = 'serializable'")
    url = urlsplit(child_environment["DATABASE_URL"])
    place = url.netloc.rpartition("@")[2]
    query_string = "&".join(filter(None, (url.query, f"assume_role={owner}")))
    url = url._replace(netloc=f"{ROLE}:secret@{place}", query=query_string)
    yield {**child_environment, "DATABASE_URL": url.geturl()}
    query(f"DROP OWNED BY {owner}; DROP OWNED BY {ROLE}; DROP ROLE {ROLE}; DROP ROLE {owner}")


def test_a_worker_whose_login_must_assume_a_role_runs_jobs_and_the_clock(
    login: Environment,
) -> None:
    with RunningWorker(with_apps(login, "clockapp"), "-c", "1") as worker:
        until_status(Noop.enqueue(), "completed")
        traces.until("tick")
        assert worker.stop() == 0


def test_a_pooled_engine_connection_assumes_the_role_in_each_transaction(
    empty_queue: None, open_connection: OpenConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgjobs.worker.connection.is_our_session", lambda _: False)
    monkeypatch.setitem(connection.settings_dict["OPTIONS"], "assume_role", "pg_monitor")
    cursor = open_connection().cursor()

    assert cursor.execute("SELECT current_user").fetchone() == ("pg_monitor",)
    assert cursor.connection.execute("SELECT current_user").fetchone() != ("pg_monitor",)
