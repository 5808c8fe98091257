"""Charts: numbers become shapes within their frame."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from pgjobs.pages.charts import HEIGHT, WIDTH, Period, bars, lines, rounded_up, sparkline

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_the_parts_of_a_bar_stand_on_each_other_with_the_failures_on_top() -> None:
    drawn = bars([Period(start=NOON, completed=5, errored=3, failed=2)])
    assert [(each.kind, each.height) for each in drawn.rects] == [
        ("completed", 50),
        ("failed", 20),
        ("errored", 30),
    ]
    assert [each.y for each in drawn.rects] == [50, 30, 0]
    assert drawn.top == 10


def test_bars_of_many_periods_stay_in_the_frame_and_apart() -> None:
    drawn = bars([Period(start=NOON, completed=number) for number in range(168)])
    assert all(each.x >= 0 and each.x + each.width <= WIDTH for each in drawn.rects)
    assert all(each.y >= 0 and each.y + each.height <= HEIGHT for each in drawn.rects)
    assert all(left.x + left.width < right.x for left, right in pairwise(drawn.rects))


def test_no_periods_and_no_jobs_draw_nothing() -> None:
    assert bars([]).rects == bars([Period(start=NOON)]).rects == []
    assert lines([]) is None
    assert lines([Period(start=NOON)]) is None
    assert sparkline([]) == sparkline([0, 0]) == []


def test_a_line_breaks_where_no_job_ran_and_a_single_point_has_some_width() -> None:
    periods = [Period(start=NOON, p50=p50, p95=4) for p50 in (1, 1, None, 1)]
    drawn = lines(periods)
    assert drawn is not None
    assert [len(points.split()) for points in drawn.p50] == [2, 2]
    assert [len(points.split()) for points in drawn.p95] == [4]
    assert drawn.top == 4


def test_the_highest_bar_of_a_sparkline_fills_its_room() -> None:
    low, high = sparkline([1, 4])
    assert (low.height, high.height, high.y) == (25, 100, 0)


@pytest.mark.parametrize(
    ("number", "top"), [(0, 1), (1, 1), (2, 2), (3, 5), (7, 10), (10, 10), (11, 20), (4812, 5000)]
)
def test_the_scale_ends_at_a_round_number(number: int, top: int) -> None:
    assert rounded_up(number) == top
