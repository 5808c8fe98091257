"""A project replicates all tables of its database logically."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pgjobs.rows import statistics
from pgjobs.worker.connection import EngineConnection
from tests.support.rows import a_finished_job
from tests.support.sql import query

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def published() -> Iterator[None]:
    query("CREATE PUBLICATION project_everything FOR ALL TABLES")
    yield
    query("DROP PUBLICATION project_everything")


@pytest.mark.usefixtures("published")
def test_counted_ends_are_merged_and_deleted_although_all_tables_are_published(
    open_connection: Callable[[], EngineConnection],
) -> None:
    a_finished_job()
    assert query("SELECT FROM pgjobs_ends")

    statistics.merge(open_connection().cursor())

    assert not query("SELECT FROM pgjobs_ends")


def test_each_table_that_is_published_has_an_identity_of_its_rows() -> None:
    without_identity = query(
        "SELECT relname FROM pg_class "
        "WHERE relname LIKE 'pgjobs%' AND relkind = 'r' AND relpersistence = 'p' "
        "AND relreplident <> 'f' "
        "AND NOT EXISTS (SELECT FROM pg_index WHERE indrelid = pg_class.oid AND indisprimary)"
    )
    assert without_identity == []
