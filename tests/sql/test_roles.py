"""The three roles can do all that they should, and are refused all that they should not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Final

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from pgjobs.models import Schedule
from pgjobs.sql import load
from tests.apps.testapp.jobs import Noop
from tests.support.rows import a_job, a_worker, tell_sql
from tests.support.sql import query

pytestmark = pytest.mark.django_db

ENQUEUER, READER, OPERATOR = "pgjobs_enqueuer", "pgjobs_reader", "pgjobs_operator"
APPLICATION = "an_application"
"""A role with rights on the tables, as a project has it that migrates as another role."""
LOOKS: Final = {READER, OPERATOR, APPLICATION}

STATEMENTS: Final = {
    f"SELECT pgjobs_enqueue('{Noop.path}')": {ENQUEUER},
    f"SELECT pgjobs_enqueue_once('{Noop.path}', interval_minutes => 5)": {ENQUEUER},
    "SELECT pgjobs_ring()": {ENQUEUER, OPERATOR},
    "SELECT pgjobs_cancel(1)": {OPERATOR},
    "SELECT pgjobs_retry(1)": {OPERATOR},
    "SELECT pgjobs_pause('low')": {OPERATOR},
    "SELECT pgjobs_resume('low')": {OPERATOR},
    f"SELECT pgjobs_run_schedule('{Noop.path}')": {OPERATOR},
    f"SELECT pgjobs_switch_off('{Noop.path}')": {OPERATOR},
    f"SELECT pgjobs_switch_on('{Noop.path}')": {OPERATOR},
    "SELECT pgjobs_drain(2000000000)": {OPERATOR},
    "SELECT pgjobs_restart(2000000000)": {OPERATOR},
    "SELECT * FROM pgjobs_why(1)": LOOKS,
    **{
        f"SELECT * FROM pgjobs_{name}": LOOKS
        for name in (
            "jobs",
            "running",
            "queues",
            "failures",
            "workers",
            "schedules",
            "blockers",
            "log",
            "pause",
            "ended",
            "throughput",
            "latency",
            "failure_kinds",
        )
    },
    "SELECT time_limit, arguments FROM pgjobs_jobs": LOOKS,
    "SELECT kwargs FROM pgjobs_job": {APPLICATION},
    "SELECT args, successor, progress FROM pgjobs_job": {APPLICATION},
    "SELECT data, result, meta, errors FROM pgjobs_job": {APPLICATION},
    "INSERT INTO pgjobs_job (job_class, name, queue_name) VALUES ('a', 'a', 'low')": {APPLICATION},
    "UPDATE pgjobs_job SET priority = 1": {APPLICATION},
    "DELETE FROM pgjobs_job": {APPLICATION},
    "DELETE FROM pgjobs_doorbell": {APPLICATION},
    "SELECT pgjobs_ring('{default}')": {APPLICATION},
    "SELECT pgjobs_must_ring('default')": {APPLICATION},
    # It holds an advisory lock for its own transaction, as each session may.
    "SELECT pgjobs_open_block('default', 0::smallint, 0, 99)": LOOKS,
    "SELECT pgjobs_registered('queue', 'low')": LOOKS,
    "INSERT INTO pgjobs_registry (kind, name, options) VALUES ('a', 'a', '{}')": {APPLICATION},
    "SELECT pgjobs_free_place(1)": {APPLICATION},
    "SELECT kind FROM pgjobs_order": {APPLICATION},
    "INSERT INTO pgjobs_order (worker_id, kind) VALUES (1, 'drain')": {APPLICATION},
    "SELECT * FROM pgjobs_ends": LOOKS,
    "SELECT * FROM pgjobs_statistics": LOOKS,
    "DELETE FROM pgjobs_statistics": {APPLICATION},
}


@pytest.fixture(autouse=True)
def roles() -> None:
    """Make the roles in the test's transaction, by the SQL that the command prints."""
    tell_sql()
    Schedule.objects.create(job_class=Noop.path, interval=60, next_run=timezone.now(), kwargs={})
    a_worker(pk=2_000_000_000, has_session_lock=False)
    printed = StringIO()
    call_command("pgjobs", "roles", stdout=printed)
    query(printed.getvalue())
    query(
        f"CREATE ROLE {APPLICATION}; "
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APPLICATION}; "
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APPLICATION}"
    )


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    with transaction.atomic():
        query(f"SET LOCAL ROLE {role}")
        yield
        query("RESET ROLE")


def is_done(statement: str, role: str) -> bool:
    """Return whether ``role`` may execute ``statement``; it fails for no other reason."""
    try:
        with acting_as(role):
            query(statement)
    except DatabaseError as error:
        if "permission denied" not in str(error):
            raise
        return False
    return True


@pytest.mark.parametrize("role", [ENQUEUER, READER, OPERATOR, APPLICATION])
def test_a_role_may_do_what_it_should_and_nothing_else(role: str) -> None:
    a_job("running", worker=a_worker())

    done = {statement for statement in STATEMENTS if is_done(statement, role)}

    assert done == {statement for statement, roles in STATEMENTS.items() if role in roles}


@pytest.mark.parametrize("role", [READER, OPERATOR])
def test_a_role_that_reads_sees_no_hidden_argument(role: str) -> None:
    a_job(kwargs={"password": "hunter2", "full": True})
    with acting_as(role):
        (row,) = query("SELECT arguments, pg_typeof(arguments)::text AS type FROM pgjobs_jobs")

    assert (row["type"], "hunter2" in row["arguments"]) == ("jsonb", False)
    assert '"full": true' in row["arguments"]


def test_the_roles_can_be_made_twice() -> None:
    call_command("pgjobs", "roles", stdout=(printed := StringIO()))

    query(printed.getvalue())


def test_the_reader_reads_where_functions_are_not_open_to_everybody() -> None:
    a_job("running", worker=a_worker())
    query("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC")
    call_command("pgjobs", "roles", stdout=(printed := StringIO()))
    query(printed.getvalue())

    for statement in ("SELECT * FROM pgjobs_why(1)", "SELECT * FROM pgjobs_jobs"):
        assert is_done(statement, READER)


def test_the_owner_of_the_tables_needs_no_right_on_roles_that_exist() -> None:
    query(
        "CREATE ROLE the_owner; GRANT CREATE, USAGE ON SCHEMA public TO the_owner WITH GRANT OPTION"
    )
    for relation in query(
        "SELECT oid::regclass::text AS name FROM pg_class WHERE relkind IN ('r', 'v') "
        "AND relname LIKE 'pgjobs%'"
    ):
        query(f"ALTER TABLE {relation['name']} OWNER TO the_owner")
    for function in query(
        "SELECT oid::regprocedure::text AS name FROM pg_proc WHERE proname LIKE 'pgjobs%'"
    ):
        query(f"ALTER FUNCTION {function['name']} OWNER TO the_owner")
    call_command("pgjobs", "roles", stdout=(printed := StringIO()))

    assert is_done(printed.getvalue(), "the_owner")


def test_functions_of_another_schema_are_left_alone() -> None:
    query(
        "CREATE SCHEMA elsewhere; CREATE FUNCTION elsewhere.pgjobs_enqueue() RETURNS integer "
        "LANGUAGE sql AS 'SELECT 1'; "
        "REVOKE EXECUTE ON FUNCTION elsewhere.pgjobs_enqueue() FROM PUBLIC"
    )
    call_command("pgjobs", "roles", stdout=(printed := StringIO()))
    query(printed.getvalue())

    (row,) = query(
        "SELECT has_function_privilege(%s, 'elsewhere.pgjobs_enqueue()', 'execute') AS may",
        ENQUEUER,
    )
    assert not row["may"]


def test_the_functions_look_first_where_the_jobs_are() -> None:
    query(
        "CREATE SCHEMA another; CREATE TABLE another.account (id integer PRIMARY KEY); "
        "CREATE TABLE another.pgjobs_job (); "
        "ALTER TABLE pgjobs_job ADD FOREIGN KEY (user_id) REFERENCES another.account"
    )
    query(load("functions_of_roles"))

    (row,) = query("SELECT proconfig FROM pg_proc WHERE proname = 'pgjobs_cancel'")
    assert row["proconfig"] == ["search_path=public, another, pg_temp"]


def test_a_table_of_the_same_name_does_not_come_in_the_place_of_ours() -> None:
    query(
        f"CREATE TEMPORARY TABLE pgjobs_registry AS SELECT 'job_class'::text AS kind, "
        f"'evil.jobs.Job'::text AS name, '{{}}'::jsonb AS options; "
        f"GRANT ALL ON pgjobs_registry TO {ENQUEUER}"
    )
    with pytest.raises(DatabaseError, match=r"'evil\.jobs\.Job' is not known"), acting_as(ENQUEUER):
        query("SELECT pgjobs_enqueue('evil.jobs.Job')")


def test_an_enqueuer_needs_no_right_on_the_table_of_users() -> None:
    (user,) = query(
        "INSERT INTO auth_user (username, password, first_name, last_name, email, is_superuser, "
        "is_staff, is_active, date_joined) VALUES ('ann', '', '', '', '', false, false, true, "
        "now()) RETURNING id"
    )
    with acting_as(ENQUEUER):
        query(f"SELECT pgjobs_enqueue('{Noop.path}', user_id => %s)", str(user["id"]))
    with connection.cursor() as cursor:
        cursor.execute("SELECT user_id FROM pgjobs_job")
        assert cursor.fetchone() == (user["id"],)
