"""A database of each earlier schema, with rows in every status, is migrated and worked off.

The rows are written as a release of that schema left them, by SQL that names only columns of the
first set of migrations. A worker of the present code then ends what is due, and leaves the rest.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

import pytest

from pgjobs.choices import FINISHED
from tests.sql.older_rows import ROWS, rows_of_a_release
from tests.support.environment import Environment, environment_of, with_apps, with_settings
from tests.support.fresh_database import fresh_database
from tests.support.sql import ask, ask_for_one
from tests.support.whole_project import ended

FIRST: Final = "0002_functions_and_views"
"""The first clean set: the tables, and then the functions and views."""
STEPS: Final = sorted(
    file.name.removesuffix(".py")
    for file in files("pgjobs.migrations").iterdir()
    if file.name[:4].isdecimal() and file.name.endswith(".py")
)[1:]
OFTEN_TRIED: Final = (FIRST, "0012_steering", "0019_arguments", STEPS[-2])
"""With EVERY_MIGRATION, as in .ci/full, each migration is tried."""

_MIGRATE: Final = """
import django; django.setup()
from django.core.management import call_command
for target in {targets!r}:
    call_command("migrate", *target, verbosity=0)
"""
OTHER_APPS: Final = [
    (app,) for app in ("contenttypes", "auth", "admin", "sessions", "procrastinate")
]


@pytest.fixture(scope="session")
def first_release() -> Iterator[str]:
    """The URL of a database with the first set of migrations, to be copied."""
    with fresh_database() as url:
        migrate(url, ("pgjobs", FIRST), *OTHER_APPS)
        yield url


@pytest.mark.parametrize("step", STEPS[:-1] if os.environ.get("EVERY_MIGRATION") else OFTEN_TRIED)
def test_rows_of_an_older_schema_have_their_outcomes_after_the_migration(
    first_release: str, step: str
) -> None:
    with fresh_database(first_release) as url:
        migrate(url, ("pgjobs", step))
        assert newest_of(url) == step
        with rows_of_a_release(url):
            before = finished_rows(url)
            migrate(url, ("--run-syncdb",))
            assert newest_of(url) == STEPS[-1]

            work_off(url)

            found = jobs(url)
            statuses = {name: tuple(status for status, _ in rows) for name, rows in found.items()}
            assert statuses == {name: row.becomes for name, row in ROWS.items()}
            attempts = {name: rows[0][1] for name, rows in found.items()}
            assert attempts == {name: row.attempt for name, row in ROWS.items()}
            assert finished_rows(url) == before
            assert before.keys() == set(FINISHED)
            assert lines_of(url, "completed") == ["first", "second"]
            assert len(lines_of(url, "will log")) > 1
            assert ask_for_one(url, "SELECT count(*) FROM testapp_trace WHERE label = 'tick'") == 1


def migrate(url: str, *targets: tuple[str, ...]) -> None:
    """Run ``migrate`` with the arguments of each of ``targets`` in one process."""
    code, said = ended(environment(url), code=_MIGRATE.format(targets=targets))
    assert code == 0, said


def work_off(url: str) -> None:
    """Run a worker of the present code until nothing is due."""
    code, said = ended(environment(url), "pgjobs_worker", "high", "default", "low", "--burst")
    assert code == 0, said


def environment(url: str) -> Environment:
    """Return the environment of a worker that takes no worker for dead because it is silent."""
    return with_settings(with_apps(environment_of(url), "clockapp"), HEARTBEAT_TIMEOUT=86_400)


def newest_of(url: str) -> str:
    return str(ask_for_one(url, "SELECT max(name) FROM django_migrations WHERE app = 'pgjobs'"))


def jobs(url: str) -> dict[str, list[tuple[str, int]]]:
    """Return the status and the attempts of the rows of each name, the oldest row first."""
    found: dict[str, list[tuple[str, int]]] = {name: [] for name in ROWS}
    for name, *facts in ask(url, "SELECT name, status, attempt FROM pgjobs_job ORDER BY id"):
        if name in found:
            found[name].append((facts[0], facts[1]))
    return found


def finished_rows(url: str) -> dict[str, Any]:
    """Return what the rows that had ended hold, with their log."""
    rows = ask(
        url,
        "SELECT name, to_jsonb(job) - 'position' FROM pgjobs_job AS job WHERE name = ANY(%s)",
        [name for name, row in ROWS.items() if row.status in FINISHED],
    )
    return {name: (row, lines_of(url, name)) for name, row in rows}


def lines_of(url: str, name: str) -> list[str]:
    rows = ask(
        url,
        "SELECT message FROM pgjobs_log JOIN pgjobs_job AS job ON job.id = job_id "
        "WHERE name = %s ORDER BY pgjobs_log.id",
        name,
    )
    return [message for (message,) in rows]
