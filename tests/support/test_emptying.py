"""What a test commits is gone before the next test."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connection

from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop
from tests.apps.testapp.models import Site
from tests.support.fixtures import LEFT_BY_A_FLUSH
from tests.support.running import ran
from tests.support.sql import query

KEPT = {"django_content_type", "auth_permission"}


@pytest.fixture(autouse=True)
def flushed(transactional_db: None) -> None:
    flush()


def flush() -> None:
    """Flush as Django's test cases do after a test that commits."""
    call_command("flush", verbosity=0, interactive=False, reset_sequences=False)


def keys() -> tuple[set[int], set[int]]:
    """Return the keys of the content types and of the permissions."""
    return (
        set(ContentType.objects.values_list("pk", flat=True)),
        set(Permission.objects.values_list("pk", flat=True)),
    )


def tables_with_rows() -> set[str]:
    names = connection.introspection.django_table_names(only_existing=True, include_views=False)
    return {name for name in names if query(f"SELECT FROM {name} LIMIT 1")}


def rows_left() -> set[str]:
    tables = {*LEFT_BY_A_FLUSH, "procrastinate_events"}
    return {name for name in tables if query(f"SELECT FROM {name} LIMIT 1")}


def test_a_flush_leaves_no_row_but_content_types_and_permissions() -> None:
    Noop.enqueue(instance=Site.objects.create(name="x"))
    user = User.objects.create(username="x")
    user.user_permissions.add(*Permission.objects.all())
    assert tables_with_rows() > KEPT
    flush()
    assert tables_with_rows() == KEPT


def test_a_flush_leaves_no_page_of_deleted_rows() -> None:
    Noop.enqueue()
    Job.objects.all().delete()
    flush()
    assert query("SELECT pg_relation_size('pgjobs_job') AS size") == [{"size": 0}]


def test_a_flush_leaves_content_types_and_permissions_that_no_test_changed() -> None:
    before = keys()
    Noop.enqueue()
    flush()
    assert keys() == before


def test_a_flush_makes_a_deleted_permission_anew() -> None:
    named = Permission.objects.filter(codename="view_job")
    named.delete()
    flush()
    assert named.exists()


def test_a_flush_undoes_a_changed_permission() -> None:
    assert Permission.objects.filter(codename="view_job").update(name="changed") == 1
    flush()
    assert not Permission.objects.filter(name="changed").exists()


def test_a_flush_drops_a_content_type_that_a_test_made() -> None:
    ContentType.objects.create(app_label="none", model="none")
    flush()
    assert not ContentType.objects.filter(app_label="none").exists()


def test_the_queue_is_empty_where_a_flush_leaves_rows(request: pytest.FixtureRequest) -> None:
    ran(Noop)
    query("INSERT INTO procrastinate_jobs (task_name, queue_name) VALUES ('x', 'x')")
    assert rows_left() > {"pgjobs_ends", "procrastinate_jobs"}
    request.getfixturevalue("empty_queue")
    assert rows_left() == set()
