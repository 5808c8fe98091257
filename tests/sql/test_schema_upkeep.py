"""The schema in a project that runs without migrations, or that changes the keys of its models."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection, migrations, models
from django.db.migrations.state import ProjectState
from django.db.models.signals import post_migrate
from django.test import override_settings

from tests.apps.testapp.jobs import Noop
from tests.sql.test_migrations import SCHEMA, schema
from tests.support.extra_database import extra_database
from tests.support.rows import a_site
from tests.support.sql import query, view

pytestmark = pytest.mark.django_db


class NoMigrations:
    """The modules that ``--nomigrations`` of pytest-django sets, and ``MIGRATE: False``."""

    def __contains__(self, label: str) -> bool:
        return True

    def __getitem__(self, label: str) -> None:
        return None


def change_key_type(app: str, model: str, to: models.Field[Any, Any]) -> None:
    """Give ``model`` another primary key, as a migration of its app does."""
    before = ProjectState.from_apps(apps)
    after = before.clone()
    operation = migrations.AlterField(model, "id", to)
    operation.state_forwards(app, after)
    query("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.schema_editor() as editor:
        operation.database_forwards(app, editor, before, after)


def references() -> list[dict[str, Any]]:
    return query(
        "SELECT confdeltype::text, convalidated FROM pg_constraint "
        "WHERE contype = 'f' AND conrelid = 'pgjobs_job'::regclass"
    )


def alike(found: dict[str, set[str]]) -> dict[str, set[str]]:
    """Leave out the order of columns, and the words in which migrations and models differ."""
    other_words = r"'attnum': \d+, | NOT VALID|(?<=counters_in_range).*"
    return {kind: {re.sub(other_words, "", row) for row in rows} for kind, rows in found.items()}


def test_a_project_without_migrations_has_the_same_schema() -> None:
    with extra_database() as alias, override_settings(MIGRATION_MODULES=NoMigrations()):
        for _ in range(2):
            call_command("migrate", database=alias, run_syncdb=True, verbosity=0)
        without = schema(alias)

    assert alike(without) == alike(schema())
    assert set(without) == set(SCHEMA)


@pytest.mark.parametrize(("app", "model"), [("auth", "user"), ("contenttypes", "contenttype")])
def test_a_project_may_change_the_type_of_a_key_that_jobs_refer_to(app: str, model: str) -> None:
    user = User.objects.create(username="a")
    job = Noop.enqueue(a_site("Berlin"), user=user)
    before = view("jobs", job.pk)["object"], user.pk

    change_key_type(app, model, models.BigAutoField(primary_key=True))

    after = view("jobs", job.pk)
    assert (after["object"], after["user_id"]) == before
    column = {"user": "user_id", "contenttype": "object_type_id"}[model]
    (found,) = query(
        "SELECT format_type(atttypid, NULL) AS type FROM pg_attribute "
        "WHERE attrelid = 'pgjobs_job'::regclass AND attname = %s",
        column,
    )
    assert found["type"] == "bigint"


def test_migrate_restores_what_a_change_of_the_users_key_undoes() -> None:
    before = {each["confdeltype"] for each in references()}
    change_key_type("auth", "user", models.BigAutoField(primary_key=True))
    assert {each["confdeltype"] for each in references()} != before

    finish_migrating()

    assert {each["confdeltype"] for each in references()} == before
    assert all(each["convalidated"] for each in references())
    (column,) = query(
        "SELECT format_type(atttypid, NULL) AS type FROM pg_attribute "
        "WHERE attrelid = 'pgjobs_jobs'::regclass AND attname = 'user_id'"
    )
    assert column["type"] == "bigint"


def test_roles_may_read_the_views_that_a_change_of_the_users_key_makes_anew() -> None:
    query('CREATE ROLE "of a dashboard"')
    query('GRANT SELECT ON pgjobs_jobs TO "of a dashboard" WITH GRANT OPTION')
    query("GRANT SELECT ON pgjobs_running TO PUBLIC")
    query('GRANT EXECUTE ON FUNCTION pgjobs_user_id TO "of a dashboard"')
    before = grants()
    change_key_type("auth", "user", models.BigAutoField(primary_key=True))

    finish_migrating()

    assert grants() == before


def grants() -> list[dict[str, Any]]:
    return query(
        "SELECT relname, relacl::text FROM pg_class "
        "WHERE relname IN ('pgjobs_jobs', 'pgjobs_running') UNION ALL "
        "SELECT proname, (SELECT string_agg(grantee::regrole::text, ',' ORDER BY grantee) "
        "FROM aclexplode(proacl) WHERE grantee <> 0) FROM pg_proc WHERE proname = 'pgjobs_user_id' "
        "ORDER BY relname"
    )


def test_a_view_of_the_project_on_a_view_does_not_break_migrate() -> None:
    query("CREATE VIEW ours AS SELECT id FROM pgjobs_jobs")
    change_key_type("auth", "user", models.BigAutoField(primary_key=True))

    with pytest.warns(UserWarning, match="view ours depends on view pgjobs_jobs"):
        finish_migrating()

    assert query("SELECT id, user_id FROM pgjobs_jobs") == []
    query("DROP VIEW ours")
    finish_migrating()


def finish_migrating() -> None:
    """Do what ``manage.py migrate`` does at its end."""
    config = apps.get_app_config("pgjobs")
    post_migrate.send(config, app_config=config, using="default", plan=[])


def test_the_view_of_jobs_joins_only_what_a_query_asks_for() -> None:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN SELECT id FROM pgjobs_jobs WHERE user_id = 7")
        plan = " ".join(row[0] for row in cursor.fetchall())

    assert "django_content_type" not in plan
    assert "user_id = 7" in plan
