"""System checks of the settings of Django's connections."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import pytest_django
from django.core.checks import CheckMessage, Tags, run_checks
from django.db import connection, connections
from django.db.backends.signals import connection_created
from psycopg import IsolationLevel

from pgjobs.doctor.project import failed_checks
from tests.support.sql import query


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Sets OPTIONS of the database."""

    def set_options(**options: Any) -> None:
        for name, value in options.items():
            monkeypatch.setitem(connection.settings_dict["OPTIONS"], name, value)

    return set_options


def problems(identifier: str, **which: Any) -> list[CheckMessage]:
    found = [problem for problem in run_checks(**which) if problem.id == identifier]
    assert all(problem.hint for problem in found)
    return found


@pytest.mark.parametrize(
    ("pool", "size"),
    [
        (True, 4),
        ({"max_size": 5}, 5),
        ({"min_size": 2}, 2),
        ({"min_size": 1, "max_size": None}, 1),
        ({"max_size": 6}, None),
        ({"max_size": "many"}, None),
        ({"min_size": None}, None),
        ({"min_size": 6}, None),
        (False, None),
    ],
)
def test_w030_names_a_pool_that_is_too_small_for_the_slots_of_a_worker(
    pool: Any, size: int | None, options: Callable[..., None], settings: pytest_django.Settings
) -> None:
    settings.PGJOBS = {"CONCURRENCY": 4}
    options(pool=pool)

    said = [problem.msg for problem in problems("pgjobs.W030")]

    assert len(said) == (size is not None)
    assert all(f"has {size} connections, and a worker with 4 slots may need 6" in s for s in said)


def test_e032_names_tenants_of_whom_each_would_have_its_own_jobs(
    settings: pytest_django.Settings,
) -> None:
    settings.TENANT_APPS = ["shop", "pgjobs"]
    settings.SHARED_APPS = ["tenants"]
    assert len(problems("pgjobs.E032")) == 1

    settings.TENANT_APPS, settings.SHARED_APPS = ["shop"], ["tenants", "pgjobs"]
    assert not problems("pgjobs.E032")


@pytest.mark.parametrize(
    ("encoding", "is_found"),
    [("LATIN1", True), ("SQL_ASCII", True), ("UTF8", False), ("utf-8", False), ("UNICODE", False)],
)
def test_w033_names_a_client_encoding_that_lacks_characters(
    encoding: str, is_found: bool, options: Callable[..., None]
) -> None:
    options(client_encoding=encoding)

    assert [encoding in problem.msg for problem in problems("pgjobs.W033")] == [True] * is_found


@pytest.mark.parametrize(
    ("level", "name"),
    [
        (IsolationLevel.SERIALIZABLE, "is serializable."),
        (IsolationLevel.REPEATABLE_READ, "is repeatable read."),
        (3, "is repeatable read."),
        (IsolationLevel.READ_COMMITTED, ""),
        (99, ""),
        (None, ""),
    ],
)
def test_w034_names_an_isolation_level_in_which_transactions_fail(
    level: Any, name: str, options: Callable[..., None]
) -> None:
    options(isolation_level=level)

    assert [name in problem.msg for problem in problems("pgjobs.W034")] == [True] * bool(name)


def test_w035_names_migrations_of_pgjobs_that_the_project_keeps(
    settings: pytest_django.Settings,
) -> None:
    settings.MIGRATION_MODULES = {"pgjobs": "shop.migrations_of_pgjobs", "shop": "elsewhere"}
    (problem,) = problems("pgjobs.W035")
    assert "'shop.migrations_of_pgjobs'" in problem.msg

    settings.MIGRATION_MODULES = {"pgjobs": None}
    assert not problems("pgjobs.W035")


class NoMigrations:
    """As of pytest-django, and of many a test suite: it has no other methods."""

    def __contains__(self, app: str) -> bool:
        return True

    def __getitem__(self, app: str) -> None:
        return None


def test_w035_lets_a_run_without_migrations_pass(settings: pytest_django.Settings) -> None:
    settings.MIGRATION_MODULES = NoMigrations()

    assert not problems("pgjobs.W035")


def go_elsewhere(connection: Any, **_: Any) -> None:
    """Set a search path as a receiver of a project may."""
    connection.connection.execute("SET search_path = another_site, public")


@pytest.fixture
def another_path(transactional_db: None) -> Iterator[None]:
    """A schema with a table of jobs, which Django's new connections see first."""
    query("CREATE SCHEMA another_site; CREATE TABLE another_site.pgjobs_job ()")
    connection_created.connect(go_elsewhere)
    connection.close()
    yield
    connection_created.disconnect(go_elsewhere)
    connection.close()
    query("DROP SCHEMA another_site CASCADE")


@pytest.mark.usefixtures("another_path")
def test_e031_names_the_schemas_in_which_django_and_a_worker_see_the_jobs() -> None:
    (problem,) = problems("pgjobs.E031", tags=[Tags.database], databases=["default"])

    assert "see the table of jobs in the schema another_site of " in problem.msg
    assert "those of a worker see it in the schema public of " in problem.msg
    assert "check pgjobs.E031" in [finding.about for finding in failed_checks("default")]
    assert not problems("pgjobs.E031", tags=[Tags.database], databases=[])  # it connects to none


@pytest.mark.django_db(transaction=True)
def test_e031_names_a_direct_way_that_leads_to_another_database(
    settings: pytest_django.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    way = {**connections.settings["default"], "NAME": "postgres"}
    monkeypatch.setitem(connections.settings, "direct", way)
    assert not problems("pgjobs.E031", tags=[Tags.database], databases=["default"])

    settings.PGJOBS = {"DIRECT_DATABASE": "direct"}

    (problem,) = problems("pgjobs.E031", tags=[Tags.database], databases=["default"])
    assert "those of a worker see it nowhere in postgres." in problem.msg


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("pgjobs", "reported"),
    [({"DIRECT_DATABASE": "nowhere"}, "pgjobs.E013"), ({"CONCURRENCY": "many"}, "pgjobs.E005")],
)
def test_settings_that_another_check_refuses_do_not_stop_the_check_that_connects(
    pgjobs: Any, reported: str, settings: pytest_django.Settings
) -> None:
    settings.PGJOBS = pgjobs

    assert problems(reported, databases=["default"])
    assert not problems("pgjobs.E031", databases=["default"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("path", "is_found"), [("pg_temp,public", True), ("public,pg_temp", False), ("nowhere", False)]
)
def test_e037_names_a_search_path_by_which_new_tables_are_temporary(
    path: str, is_found: bool, options: Callable[..., None]
) -> None:
    options(options=f"-c search_path={path}")
    connection.close()
    try:
        found = problems("pgjobs.E037", tags=[Tags.database], databases=["default"])
        assert bool(found) == is_found
        named = [finding.about for finding in failed_checks("default")]
        assert ("check pgjobs.E037" in named) == is_found
    finally:
        connection.close()
