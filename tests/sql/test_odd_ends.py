"""Counted ends that SQL by hand made odd: they are refused, and keep no other end from counting."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from pgjobs import stats
from pgjobs.rows import statistics
from tests.support.rows import a_job
from tests.support.sql import query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_counted")]

ODD: Final[dict[str, Any]] = {
    "ended": ["infinity", "-infinity", "10000-01-01 00:00:00+00"],
    "jobs": [2**63 - 1, -1, 0],
    "run_seconds": ["NaN", "Infinity", "-Infinity", 1.7e308, -1],
    "wait_seconds": ["NaN", "Infinity", 1.7e308],
    "run_bucket": [32767, -32768],
    "wait_bucket": [219, -146],
    "job_class": ["a" * 201],
    "queue": ["q" * 101],
    "outcome": ["completed-twice"],
}
EACH: Final = [(column, value) for column, values in ODD.items() for value in values]


def insert(**columns: Any) -> None:
    row = {
        "ended": timezone.now(),
        "job_class": "a",
        "queue": "low",
        "outcome": "failed",
        "run_bucket": 1,
        "wait_bucket": 1,
        "jobs": 1,
        "run_seconds": 1,
        "wait_seconds": 1,
        "job_id": 1,
        **columns,
    }
    query(
        f"INSERT INTO pgjobs_ends ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})",
        *row.values(),
    )


def see_all() -> None:
    """Read each number and view of statistics."""
    for span in ("hour", "day", "week"):
        stats.throughput(span)
        stats.latency(span)
    stats.ended(timezone.now() - timedelta(hours=1), [])
    stats.ended(timezone.now() - timedelta(hours=1), ["time"])
    stats.failure_kinds()
    stats.totals()


@pytest.mark.parametrize(("column", "value"), EACH)
def test_an_odd_row_is_refused(column: str, value: Any) -> None:
    with pytest.raises(IntegrityError, match="pgjobs_ends_fit"), transaction.atomic():
        insert(**{column: value})


@pytest.mark.parametrize(("column", "value"), EACH)
def test_an_odd_row_of_an_older_schema_keeps_no_other_row_from_merging(
    column: str, value: Any
) -> None:
    query("ALTER TABLE pgjobs_ends DROP CONSTRAINT pgjobs_ends_fit")
    insert()
    insert(**{column: value})
    insert()

    with connection.cursor() as cursor:
        statistics.merge(cursor)

    assert [row.jobs for row in stats.totals()] == [2]
    assert [row.jobs for row in stats.failure_kinds()] == [2]
    assert query("SELECT FROM pgjobs_ends") == []
    see_all()


def test_a_migration_deletes_odd_rows_and_no_others() -> None:
    call_command("migrate", "pgjobs", "0021", verbosity=0)
    insert()
    insert(ended="infinity")
    insert(jobs=2**63 - 1)
    call_command("migrate", "pgjobs", verbosity=0)

    assert [row.jobs for row in stats.totals()] == [1]


def test_a_job_with_the_oddest_moments_ends_and_is_counted() -> None:
    job = a_job(
        "running",
        created="0002-01-01 00:00:00+00",
        scheduled="0002-01-01 00:00:00+00",
        started="0002-01-01 00:00:00+00",
    )
    query(
        "UPDATE pgjobs_job SET status = 'completed', completed = '9998-12-31 00:00:00+00' "
        "WHERE id = %s",
        job.pk,
    )

    assert [row.jobs for row in stats.totals()] == [1]
    see_all()


def test_run_times_that_no_interval_holds_are_shown_as_the_longest() -> None:
    insert(run_seconds=1e18, jobs=1000)

    (row,) = stats.throughput()
    assert row.run_time == timedelta(seconds=9e12)
    see_all()
