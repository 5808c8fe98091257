"""Cron expressions: a misleading one is refused, and a good one is read in the project's time
zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pgjobs.exceptions import InvalidArgument
from pgjobs.jobs.cron import check_cron, next_due_time

BERLIN = ZoneInfo("Europe/Berlin")


def due_times(expression: str, *, after: datetime, count: int) -> list[str]:
    """Return the next due times in the time of Berlin, each with its distance from UTC."""
    found = []
    for _ in range(count):
        after = next_due_time(expression, after=after, zone=BERLIN)
        found.append(after.strftime("%d. %H:%M%z"))
    return found


@pytest.mark.parametrize(
    "expression", ["* * * * *", "15 3 * * *", "*/7 8-18 * * mon-fri", "0 0 29 2 *", "0 12 1,15 * *"]
)
def test_a_valid_expression_is_accepted(expression: str) -> None:
    assert check_cron(expression) == expression


def test_a_step_past_the_hour_is_refused_because_it_would_mean_every_hour() -> None:
    with pytest.raises(InvalidArgument, match=r"'\*/90 \* \* \* \*' steps the minute by 90"):
        check_cron("*/90 * * * *")


@pytest.mark.parametrize(
    ("expression", "field"),
    [
        ("1-59/60 * * * *", "minute"),
        ("5,*/70 * * * *", "minute"),
        ("0 */24 * * *", "hour"),
        ("0 0 */32 * *", "day of the month"),
        ("0 0 1 */13 *", "month"),
        ("0 0 * * */8", "day of the week"),
    ],
)
def test_a_step_past_the_end_of_any_field_is_refused(expression: str, field: str) -> None:
    with pytest.raises(InvalidArgument, match=f"steps the {field} by"):
        check_cron(expression)


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "* * * * * *",
        "@daily",
        "60 * * * *",
        "* * * * someday",
        15,
        None,
        b"* * * * *",
    ],
)
def test_a_value_that_is_not_a_cron_expression_is_refused_and_named(expression: Any) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        check_cron(expression)

    assert repr(expression) in str(refusal.value)


@pytest.mark.parametrize("expression", ["0 0 30 2 *", "0 0 31 4,6 *"])
def test_a_day_that_never_comes_is_refused(expression: str) -> None:
    with pytest.raises(InvalidArgument, match="never comes"):
        check_cron(expression)


@settings(deadline=None)
@given(
    after=st.datetimes(datetime(2000, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    expression=st.sampled_from(["* * * * *", "*/7 * * * *", "30 2 * * *", "15 3 * * mon"]),
)
def test_the_next_due_time_after_a_moment_is_later_than_the_moment(
    after: datetime, expression: str
) -> None:
    assert next_due_time(expression, after=after, zone=BERLIN) > after


def test_the_hours_of_an_expression_are_read_in_the_time_zone() -> None:
    midnight = datetime(2026, 1, 15, tzinfo=UTC)

    assert due_times("15 3 * * *", after=midnight, count=1) == ["15. 03:15+0100"]


def test_a_daily_due_time_keeps_its_hour_when_summer_begins_and_ends() -> None:
    march = datetime(2026, 3, 28, 12, tzinfo=UTC)
    october = datetime(2026, 10, 24, 12, tzinfo=UTC)

    assert due_times("15 3 * * *", after=march, count=2) == ["29. 03:15+0200", "30. 03:15+0200"]
    assert due_times("15 3 * * *", after=october, count=2) == ["25. 03:15+0100", "26. 03:15+0100"]


def test_a_daily_due_time_in_the_hour_that_is_skipped_moves_right_after_it() -> None:
    before = datetime(2026, 3, 28, 12, tzinfo=UTC)

    assert due_times("30 2 * * *", after=before, count=2) == ["29. 03:00+0200", "30. 02:30+0200"]


def test_an_hourly_due_time_in_the_hour_that_is_skipped_comes_in_the_next_hour() -> None:
    before = datetime(2026, 3, 29, tzinfo=UTC)

    assert due_times("30 * * * *", after=before, count=2) == ["29. 01:30+0100", "29. 03:30+0200"]


def test_a_daily_due_time_in_the_hour_that_is_repeated_comes_once() -> None:
    before = datetime(2026, 10, 24, 12, tzinfo=UTC)

    assert due_times("30 2 * * *", after=before, count=2) == ["25. 02:30+0200", "26. 02:30+0100"]


def test_an_hourly_due_time_misses_no_hour_when_the_clocks_go_back() -> None:
    before = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)

    assert due_times("0 * * * *", after=before, count=3) == [
        "25. 02:00+0200",
        "25. 02:00+0100",
        "25. 03:00+0100",
    ]
