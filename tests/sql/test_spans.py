"""The statistics of a span of time count each end in it once, by whichever periods they read it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from django.db import connection

from pgjobs import stats
from pgjobs.rows import statistics
from pgjobs.stats.counted import Key, Span
from tests.support.sql import database_now, query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_counted")]

MOMENTS: Final = 3000
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SPANS: Final[dict[Span, tuple[timedelta, timedelta]]] = {
    "hour": (HOUR, MINUTE),
    "day": (DAY, HOUR),
    "week": (7 * DAY, HOUR),
}
"""The length of each span, and the period with which it begins."""


def begin(moment: datetime, period: timedelta) -> datetime:
    return moment - (moment - EPOCH) % period


def ends_at_any_moment() -> list[datetime]:
    """Count jobs that ended in the last nine days, most of them lately."""
    chance, now = random.Random(20), database_now()
    moments = [now - 9 * DAY * chance.random() ** 4 for _ in range(MOMENTS)]
    query(
        "INSERT INTO pgjobs_ends "
        "(ended, job_class, queue, outcome, run_bucket, wait_bucket, jobs, run_seconds) "
        "SELECT ended, 'a', 'low', 'completed', 10 * random(), 10 * random(), 1, 1 "
        "FROM unnest(%s::timestamptz[]) AS ended",
        moments,
    )
    return moments


def merge() -> None:
    with connection.cursor() as cursor:
        assert not statistics.merge(cursor)


@pytest.mark.parametrize("zone", ["UTC", "Australia/Lord_Howe"])
@pytest.mark.parametrize("is_merged", [False, True], ids=["unmerged", "merged"])
@pytest.mark.parametrize("span", SPANS)
def test_a_span_counts_each_end_that_lies_in_it_once(
    span: Span, is_merged: bool, zone: str
) -> None:
    moments = ends_at_any_moment()
    if is_merged:
        merge()
    length, period = SPANS[span]

    before = database_now()
    query("SELECT set_config('TimeZone', %s, true)", zone)
    (now,), (latency,) = stats.throughput(span), stats.latency(span)
    query("SELECT set_config('TimeZone', 'UTC', true)")
    after = database_now()

    # The span may have moved on by a period since the first look at the clock.
    counts = {sum(begin(each, period) >= at - length for each in moments) for at in (before, after)}
    assert now.completed in counts
    assert now.run_time.total_seconds() == now.completed
    assert latency.jobs in counts
    assert 100 < now.completed < MOMENTS or span == "week"


@pytest.mark.parametrize(
    "age", [timedelta(minutes=7), 5 * HOUR, 2 * DAY, 8 * DAY], ids=lambda age: str(age)
)
@pytest.mark.parametrize("by", [(), ("time",), ("class", "queue")], ids=str)
def test_the_ends_since_a_moment_count_each_end_once(age: timedelta, by: tuple[Key, ...]) -> None:
    moments = ends_at_any_moment()
    merge()
    since = database_now() - age
    period = MINUTE if age <= 3 * DAY else HOUR

    found = stats.ended(since, by)

    assert sum(row.completed for row in found) == sum(
        each >= begin(since, period) for each in moments
    )
    assert (len(found) > 1) == ("time" in by)


def test_ends_by_time_have_the_beginning_of_their_minute() -> None:
    moments = ends_at_any_moment()
    since = begin(database_now(), MINUTE) - 3 * HOUR

    assert {row.start: row.completed for row in stats.ended(since, ["time"])} == Counter(
        begin(each, MINUTE) for each in moments if each >= since
    )


@pytest.mark.parametrize("days", [1, 7, 0])
def test_a_week_is_whole_however_short_days_are_kept(days: int, settings: Any) -> None:
    settings.PGJOBS = {"STATISTICS_MINUTES": 1, "STATISTICS_HOURS": 8, "STATISTICS_DAYS": days}
    moments = ends_at_any_moment()
    merge()
    before = stats.throughput("week")
    with connection.cursor() as cursor:
        statistics.forget(cursor)

    assert stats.throughput("week") == before
    since = database_now() - 6 * DAY
    assert stats.ended(since, [])[0].completed == sum(
        each >= begin(since, HOUR) for each in moments
    )


@pytest.mark.parametrize("by", [[], ["time"], ["class", "queue"]])
@pytest.mark.parametrize("end", [datetime.min, datetime.max])
def test_a_moment_at_an_end_of_the_time_of_python_is_one_like_others(
    end: datetime, by: list[Key]
) -> None:
    ends_at_any_moment()

    found = stats.ended(end.replace(tzinfo=UTC), by)

    assert sum(row.completed for row in found) == (MOMENTS if end == datetime.min else 0)
