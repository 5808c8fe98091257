"""The migrations make the tables of the models, and the functions and views of the SQL files."""

from __future__ import annotations

import re
from importlib.resources import files
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from pgjobs.sql import load
from pgjobs.sql.schema import create, drop
from tests.support.sql import query

pytestmark = pytest.mark.django_db

SCHEMA = {
    "columns": (
        "SELECT attrelid::regclass::text, attname, attnum, format_type(atttypid, atttypmod), "
        "attnotnull, pg_get_expr(adbin, adrelid) "
        "FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum "
        "WHERE attrelid::regclass::text LIKE 'pgjobs%' AND attnum > 0"
    ),
    "relations": (
        "SELECT relname, relkind::text, relpersistence::text, reloptions "
        "FROM pg_class WHERE relname LIKE 'pgjobs%'"
    ),
    "indexes": "SELECT indexdef FROM pg_indexes WHERE tablename LIKE 'pgjobs%'",
    "constraints": (
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE conrelid::regclass::text LIKE 'pgjobs%'"
    ),
    "sequences": (
        "SELECT sequencename, data_type::text, cache_size, increment_by "
        "FROM pg_sequences WHERE sequencename LIKE 'pgjobs%'"
    ),
    "views": "SELECT viewname, definition FROM pg_views WHERE viewname LIKE 'pgjobs%'",
    "functions": "SELECT pg_get_functiondef(oid) FROM pg_proc WHERE proname LIKE 'pgjobs%'",
    "comments": (
        "SELECT pg_describe_object(classoid, objoid, objsubid), description FROM pg_description "
        "WHERE pg_describe_object(classoid, objoid, objsubid) LIKE '%pgjobs%'"
    ),
}


def schema(alias: str = "default") -> dict[str, set[str]]:
    """Return all that belongs to pgjobs in the database, each thing as text."""
    return {kind: {str(row) for row in query(sql, using=alias)} for kind, sql in SCHEMA.items()}


MAY = "SELECT has_table_privilege(%s, %s, %s) AS may"


def migrate(target: str = "") -> None:
    call_command("migrate", "pgjobs", *filter(None, [target]), verbosity=0)


def newest(folder: str) -> list[str]:
    """Return the names of the texts of ``folder`` that no later text has replaced."""
    texts = (text.name for text in files("pgjobs.sql").joinpath(folder).iterdir())
    return sorted(f"{folder}/{name[:-4]}" for name in texts if re.fullmatch(r"\w+\.sql", name))


def made_by(file: str) -> tuple[str, str]:
    """Return the kind and the name that ``file`` makes; a function without arguments has "()"."""
    found = re.match(r"CREATE (FUNCTION|VIEW) (\w+(?:\(\))?)", load(file))
    assert found is not None
    return found[1], found[2]


def created_as(name: str, kind: str) -> tuple[Any, ...]:
    """Return the definition and the comments of a function or view, its own name left out.

    The search path of a function is left out, too: it is fixed after the function is made.
    """
    name, _, is_without_arguments = name.partition("(")
    (row,) = query(
        {
            "FUNCTION": "SELECT oid, 'pg_proc'::regclass AS catalog, "
            "regexp_replace(pg_get_functiondef(oid), E'\\n SET search_path[^\\n]*', '') AS text "
            "FROM pg_proc "
            "WHERE proname = %s AND (pronargs = 0) = %s",
            "VIEW": "SELECT pg_get_viewdef(oid) AS text, oid, 'pg_class'::regclass AS catalog "
            "FROM pg_class WHERE relname = %s AND %s IS NOT NULL",
        }[kind],
        name,
        bool(is_without_arguments),
    )
    comments = query(
        "SELECT objsubid, description FROM pg_description "
        "WHERE objoid = %s AND classoid = %s::regclass ORDER BY objsubid",
        row["oid"],
        row["catalog"],
    )
    return row["text"].replace(name, "it"), comments


def test_the_migrations_lack_no_change_of_the_models() -> None:
    call_command("makemigrations", "pgjobs", "--check", "--dry-run", stdout=StringIO())


def test_migrating_to_zero_leaves_nothing_behind() -> None:
    migrate("zero")

    assert schema() == {kind: set() for kind in SCHEMA}


def test_migrating_to_zero_and_up_again_makes_the_same_schema() -> None:
    before = schema()

    migrate("zero")
    migrate()

    assert schema() == before
    assert all(before.values()), "each kind was compared"


def test_the_rights_on_the_view_of_jobs_outlive_its_new_columns() -> None:
    migrate("0012")
    query("CREATE ROLE looks; GRANT SELECT ON pgjobs_jobs TO looks")
    assert "arguments" not in columns_of_jobs()

    migrate()

    (row,) = query("SELECT has_table_privilege('looks', 'pgjobs_jobs', 'select') AS may")
    assert row["may"]
    assert "arguments" in columns_of_jobs()


def columns_of_jobs() -> set[str]:
    return {
        row["attname"]
        for row in query(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'pgjobs_jobs'::regclass"
        )
    }


def test_old_rows_beyond_the_bounds_are_brought_into_them() -> None:
    migrate("0002")
    query(
        "INSERT INTO pgjobs_job (job_class, name, queue_name, status, scheduled, created, attempt) "
        "VALUES ('a', 'a', 'default', 'scheduled', 'infinity', '-infinity', 32767)"
    )
    query("SET CONSTRAINTS ALL IMMEDIATE")

    migrate()

    (row,) = query("SELECT scheduled, created, started, attempt FROM pgjobs_job")
    assert (row["scheduled"].year, row["created"].year) == (9998, 2)
    assert (row["started"], row["attempt"]) == (None, 32766)


def test_old_workers_schedules_and_log_lines_beyond_the_bounds_are_brought_into_them() -> None:
    migrate("0006")
    query(
        "INSERT INTO pgjobs_worker (name, hostname, pid, queues, concurrency, heartbeat) "
        "VALUES ('a', 'a', 1, '{}', 1, 'infinity')"
    )
    query(
        "INSERT INTO pgjobs_schedule (job_class, interval, cron, next_run, enabled) "
        "VALUES ('a', 0, '', '-infinity', true)"
    )
    (job,) = query(
        "INSERT INTO pgjobs_job (job_class, name, queue_name, status) "
        "VALUES ('a', 'a', 'default', 'pending') RETURNING id"
    )
    query(
        "INSERT INTO pgjobs_log (job_id, attempt, timestamp, level, message) "
        "VALUES (%s, 0, '0044-03-15 BC', 'info', '')",
        job["id"],
    )
    query("SET CONSTRAINTS ALL IMMEDIATE")

    migrate()

    (row,) = query(
        "SELECT heartbeat, stopped, next_run, last_run, interval, timestamp "
        "FROM pgjobs_worker, pgjobs_schedule, pgjobs_log"
    )
    assert [row[name].year for name in ("heartbeat", "next_run", "timestamp")] == [9998, 2, 2]
    assert (row["stopped"], row["last_run"], row["interval"]) == (None, None, 1)


@pytest.mark.parametrize("name", [*newest("functions"), *newest("views")])
def test_a_function_or_view_in_the_database_is_as_its_file_says(name: str) -> None:
    kind, own = made_by(name)
    other = own.replace("pgjobs_", "other_")
    query(re.sub(rf"\b{own.partition('(')[0]}\b", other.partition("(")[0], load(name)))

    assert created_as(own, kind) == created_as(other, kind)


@pytest.mark.parametrize("name", [*newest("functions"), *newest("views")])
def test_a_function_or_view_has_a_comment_on_its_purpose(name: str) -> None:
    kind, own = made_by(name)
    _definition, comments = created_as(own, kind)

    assert 0 in {comment["objsubid"] for comment in comments}


def test_each_function_and_view_in_the_database_has_a_file() -> None:
    made = query(
        "SELECT viewname AS name FROM pg_views WHERE viewname LIKE 'pgjobs%' "
        "UNION ALL SELECT proname || CASE WHEN pronargs = 0 THEN '()' ELSE '' END FROM pg_proc "
        "WHERE proname LIKE 'pgjobs%'"
    )

    texts = [*newest("functions"), *newest("views")]
    assert sorted(row["name"] for row in made) == sorted(made_by(text)[1] for text in texts)


def test_a_later_migration_that_replaces_a_view_can_be_reversed() -> None:
    before = schema()
    names = ("views/jobs", "views/running")
    there = [*drop(names), *create(names)]

    for operation in there:
        query(str(operation.sql))
        assert operation.sql != operation.reverse_sql
    for operation in reversed(there):
        query(str(operation.reverse_sql))

    assert schema() == before


def test_a_role_may_do_after_the_newest_migrations_what_it_could_do_before() -> None:
    migrate("0012")
    query(
        "CREATE ROLE runs_workers; CREATE ROLE steers; CREATE ROLE looks; "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON pgjobs_worker TO runs_workers; "
        "GRANT SELECT, INSERT, UPDATE ON pgjobs_job TO steers; "
        "GRANT SELECT ON pgjobs_workers, pgjobs_schedules TO looks"
    )

    migrate()

    of_workers = ("ends", "statistics", "failure_statistics", "order", "alert")
    rights = [
        *(("runs_workers", f"pgjobs_{table}", "DELETE") for table in of_workers),
        ("steers", "pgjobs_journal", "INSERT"),
        ("looks", "pgjobs_workers", "SELECT"),
        ("looks", "pgjobs_schedules", "SELECT"),
    ]
    missing = [each for each in rights if not query(MAY, *each)[0]["may"]]
    assert missing == []
    assert not query(MAY, "steers", "pgjobs_journal", "DELETE")[0]["may"]
