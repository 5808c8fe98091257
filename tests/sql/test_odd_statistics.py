"""Merged statistics that SQL by hand made odd: refused, repaired, shown, and merged into."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from pgjobs import stats
from pgjobs.rows import statistics
from tests.support.sql import query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_counted")]

BOUND = 10**15
LAST = datetime(9998, 12, 31, tzinfo=UTC)


def count_and_merge() -> None:
    query(
        "INSERT INTO pgjobs_ends (job_class, queue, outcome, jobs, run_bucket, wait_bucket, "
        "run_seconds, wait_seconds, exception, frame, job_id) "
        "VALUES ('a', 'low', 'failed', 1, 1, 1, 1, 1, 'E', 'f', 1)"
    )
    with connection.cursor() as cursor:
        statistics.merge(cursor)


def test_a_histogram_whose_arrays_do_not_fit_each_other_is_refused() -> None:
    count_and_merge()
    for column, value in (
        ("run_buckets", "{}"),
        ("run_counts", "{1,2}"),
        ("wait_buckets", "{{1}}"),
        ("wait_counts", "{NULL}"),
        ("wait_counts", "{0}"),
    ):
        with pytest.raises(IntegrityError, match="statistics_fit"), transaction.atomic():
            query(f"UPDATE pgjobs_statistics SET {column} = %s", value)


def test_a_row_at_the_bounds_keeps_no_end_from_merging() -> None:
    count_and_merge()
    query(
        "UPDATE pgjobs_statistics SET jobs = %s, run_seconds = 1e300, wait_seconds = 1e300, "
        "run_counts = ARRAY[%s], wait_counts = ARRAY[%s]",
        *[BOUND] * 3,
    )
    query("UPDATE pgjobs_failure_statistics SET jobs = %s", BOUND)

    count_and_merge()

    assert query("SELECT FROM pgjobs_ends") == []
    assert [(row.jobs, row.run_buckets) for row in stats.totals()] == [(BOUND, {1: BOUND})]
    assert [row.jobs for row in stats.failure_kinds()] == [BOUND]


def test_a_kind_of_failure_with_an_odd_moment_is_shown_beside_an_older_schema() -> None:
    count_and_merge()
    query("ALTER TABLE pgjobs_failure_statistics DROP CONSTRAINT pgjobs_failure_statistics_fit")
    query("UPDATE pgjobs_failure_statistics SET last_seen = 'infinity'")

    (row,) = stats.failure_kinds()
    assert (row.jobs, row.last_seen) == (1, LAST)


def test_a_migration_brings_moments_into_the_bounds_and_deletes_rows_that_count_nothing() -> None:
    call_command("migrate", "pgjobs", "0034", verbosity=0)
    count_and_merge()
    query("UPDATE pgjobs_failure_statistics SET last_seen = 'infinity'")
    query("UPDATE pgjobs_statistics SET start = 'infinity' WHERE period = 'hour'")

    call_command("migrate", "pgjobs", verbosity=0)

    assert [row.last_seen for row in stats.failure_kinds()] == [LAST]
    periods = query("SELECT period FROM pgjobs_statistics ORDER BY 1")
    assert [row["period"] for row in periods] == ["day", "minute", "total"]
