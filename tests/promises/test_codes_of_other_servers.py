"""A trigger of the project uses another server, or a file, and hands on the error: the row is to
blame, although elsewhere its SQLSTATE means that the server can't work."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from pgjobs.models import Job
from pgjobs.steering import bulk
from pgjobs.steering.actor import Actor, Surface
from pgjobs.steering.selection import Selection
from pgjobs.worker.claiming import refusing
from tests.support.requirements import skip_or_fail
from tests.support.rows import a_job
from tests.support.sql import query
from tests.support.triggers import a_trigger
from tests.support.worker_process import run_burst_here

ANN = Actor(who="ann", surface=Surface.PYTHON)
RAISES = "RAISE 'over quota' USING ERRCODE = '{code}'"

pytestmark = [
    pytest.mark.usefixtures("empty_queue", "other_server"),
    pytest.mark.parametrize(
        ("means", "code"),
        [
            ("dblink", "53400"),
            ("dblink", "25006"),
            ("dblink", "57P03"),
            ("foreign_table", "53400"),
            ("foreign_table", "58030"),
            ("file", "58P01"),
        ],
    ),
]


def needs_extension(name: str) -> None:
    if not query("SELECT FROM pg_available_extensions WHERE name = %s", name):
        skip_or_fail(f"the server has no extension {name}")


@pytest.fixture
def other_server(transactional_db: None, code: str) -> Iterator[None]:
    """This database once more, as another server: its table `quota` refuses each row."""
    for name in ("dblink", "postgres_fdw"):
        needs_extension(name)
        query(f"CREATE EXTENSION {name}")
    options = ", ".join(
        f"{name} '{value}'" for name, value in reached().items() if name not in ("user", "password")
    )
    query(
        "CREATE TABLE quota (name text); "
        "CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN {RAISES.format(code=code)}; END $$; "
        "CREATE TRIGGER guard BEFORE INSERT ON quota FOR EACH ROW EXECUTE FUNCTION guard(); "
        f"CREATE SERVER other FOREIGN DATA WRAPPER postgres_fdw OPTIONS ({options}); "
        "CREATE USER MAPPING FOR CURRENT_USER SERVER other OPTIONS "
        f"(user '{reached()['user']}', password '{reached()['password']}'); "
        "CREATE FOREIGN TABLE far_quota (name text) SERVER other OPTIONS (table_name 'quota')"
    )
    yield
    query(
        "DROP EXTENSION dblink; DROP EXTENSION postgres_fdw CASCADE; "
        "DROP TABLE quota; DROP FUNCTION guard"
    )


def reached() -> dict[str, str]:
    """Return how this database is reached."""
    info = connection.connection.info
    return {
        "host": info.host,
        "port": str(info.port),
        "dbname": info.dbname,
        "user": info.user,
        "password": info.password,
    }


def body(means: str) -> str:
    if means == "dblink":
        there = make_conninfo(**reached()).replace("'", "''")
        return f"PERFORM dblink_exec('{there}', 'INSERT INTO quota VALUES (1)')"
    if means == "foreign_table":
        return "INSERT INTO far_quota VALUES (1)"
    return "COPY quota FROM '/nowhere/to/be/found'"


def statuses() -> dict[str, str]:
    return dict(Job.objects.values_list("name", "status"))


@pytest.mark.parametrize("status", ["running", "completed"])
def test_a_job_whose_claim_or_end_it_refuses_is_errored_beside_its_neighbours(
    no_system_jobs: None, monkeypatch: pytest.MonkeyPatch, means: str, status: str
) -> None:
    monkeypatch.setattr(refusing, "TRY_INTERVAL", 0.01)
    a_job(name="refused")
    a_job(name="sound")

    with a_trigger(body(means), "UPDATE", f"OLD.name = 'refused' AND NEW.status = '{status}'"):
        run_burst_here()

    assert statuses() == {"refused": "errored", "sound": "completed"}


def test_a_job_that_it_keeps_from_being_pruned_is_passed_over(means: str) -> None:
    for name in ("refused", "sound"):
        a_job("completed", name=name, completed=timezone.now() - timedelta(days=100))

    with a_trigger(body(means), "DELETE", "OLD.name = 'refused'"):
        assert Job.objects.prune(days=90) == 1

    assert statuses() == {"refused": "completed"}


def test_a_bulk_action_passes_over_the_job_that_it_refuses(means: str) -> None:
    ids = tuple(a_job(name=name).pk for name in ("refused", "sound"))

    with a_trigger(body(means), "UPDATE", "OLD.name = 'refused'"):
        entry = bulk.start("cancel", Selection(ids=ids), by=ANN, here=True)

    assert (entry.state, entry.done, entry.refused) == ("done", 1, 1)
    assert statuses() == {"refused": "pending", "sound": "cancelled"}
