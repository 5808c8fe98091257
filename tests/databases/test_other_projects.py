"""Projects whose tables differ, projects that find their database another way, refused projects."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from tests.support.environment import Environment, environment_of, with_apps
from tests.support.fresh_database import fresh_database
from tests.support.sql import ask, query
from tests.support.whole_project import ended, live_beside_a_worker, with_variant
from tests.support.worker_process import SupervisedWorker

CONNECTING = ("NAME", "HOST", "PORT", "USER", "PASSWORD")


@contextmanager
def project(apps: str = "", prepare: str = "", **variant: Any) -> Iterator[Environment]:
    """The environment of a migrated project in a new database, where ``prepare`` ran before."""
    with fresh_database() as url:
        for statement in filter(None, prepare.split(";")):
            ask(url, statement)
        environment = with_variant({**environment_of(url), "EXTRA_APPS": apps}, **variant)
        assert ended(environment, "migrate", "--run-syncdb", "-v", "0") == (0, "")
        yield environment


def test_a_project_whose_users_have_uuids_lives() -> None:
    users = {"AUTH_USER_MODEL": "uuidusers.User"}
    with project(apps="tests.apps.uuidusers", settings=users) as environment:
        live_beside_a_worker(environment)


def test_a_project_in_a_schema_of_its_own_lives() -> None:
    path = {"options": "-c search_path=shop"}
    with project(prepare="CREATE SCHEMA shop", options=path) as environment:
        live_beside_a_worker(environment)


@pytest.fixture
def tablespace() -> Iterator[str]:
    """A tablespace in the directory of the server."""
    name = f"space_{os.getpid()}"
    url = os.environ["DATABASE_URL"]
    in_place = "-c allow_in_place_tablespaces=on"
    ask(url, f"CREATE TABLESPACE {name} LOCATION ''", options=in_place)
    yield name
    ask(url, f"DROP TABLESPACE {name}")


def test_a_project_whose_tables_are_in_another_tablespace_lives(tablespace: str) -> None:
    spaces = {"DEFAULT_TABLESPACE": tablespace, "DEFAULT_INDEX_TABLESPACE": tablespace}
    with project(settings=spaces) as environment:
        live_beside_a_worker(environment)


def test_a_project_that_finds_its_database_by_a_service_and_a_passfile_lives(
    child_environment: Environment, tmp_path: Path
) -> None:
    way = connection.settings_dict
    names = {"NAME": "dbname", "HOST": "host", "PORT": "port", "USER": "user"}
    lines = [f"{names[key]}={way[key]}" for key in names if way[key]]
    (tmp_path / "services").write_text("\n".join(["[shop]", *lines, ""]))
    (tmp_path / "passfile").write_text(f"*:*:*:*:{way['PASSWORD']}\n")
    (tmp_path / "passfile").chmod(0o600)
    environment = {**child_environment, "PGSERVICEFILE": str(tmp_path / "services")}

    live_beside_a_worker(
        with_variant(
            environment,
            database=dict.fromkeys(CONNECTING, ""),
            options={"service": "shop", "passfile": str(tmp_path / "passfile")},
        )
    )


@pytest.mark.parametrize(
    ("variant", "refusal"),
    [
        ({"settings": {"USE_TZ": False}}, "pgjobs.E003"),
        ({"database": {"AUTOCOMMIT": False}}, "pgjobs.E012"),
        ({"settings": {"TENANT_APPS": ["pgjobs"]}}, "pgjobs.E032"),
    ],
)
def test_a_worker_does_not_start_with_a_setting_that_is_refused(
    child_environment: Environment, variant: Any, refusal: str
) -> None:
    with SupervisedWorker(with_variant(child_environment, **variant), "--burst") as worker:
        assert worker.wait() != 0
        assert refusal in worker.output


def test_a_worker_does_not_start_if_jobs_are_enqueued_in_another_schema(
    child_environment: Environment,
) -> None:
    query("CREATE SCHEMA another_site; CREATE TABLE another_site.pgjobs_job ()")
    try:
        with SupervisedWorker(with_apps(child_environment, "wandering"), "--burst") as worker:
            assert worker.wait() == 1
            assert "pgjobs.E031" in worker.output
            assert "in the schema another_site" in worker.output
    finally:
        query("DROP SCHEMA another_site CASCADE")
