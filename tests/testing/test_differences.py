"""The words in which an assertion says how a job differs, and the values that stand for any."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import ANY

import pytest
from django.contrib.auth.models import User

from pgjobs import BackgroundJob
from pgjobs.models import Job
from pgjobs.testing import assert_enqueued, enqueued, refute_enqueued
from tests.apps.testapp.jobs import Noop
from tests.support.moments import IN_2030

pytestmark = pytest.mark.django_db


class Take(BackgroundJob):
    def run(self, value: Any = None) -> None:
        """Takes anything."""


def difference(given: Any, expected: Any) -> str:
    """Return the line about the argument of the one job that waits."""
    Job.objects.all().delete()
    Take.enqueue(value=given)
    with pytest.raises(AssertionError) as caught:
        assert_enqueued(Take, value=expected)
    return str(caught.value).splitlines()[3].strip()


LONG = list(range(1000))
ROWS = [{"id": number, "name": f"site {number}"} for number in range(50)]


@pytest.mark.parametrize(
    ("given", "expected", "line"),
    [
        (LONG, [*LONG[:-1], 0], "value[999]: expected 0, found 999"),
        (LONG, LONG[:-1], "value[999]: expected nothing, found 999"),
        (LONG[:-1], LONG, "value[999]: expected 999, found nothing"),
        (
            {"rows": ROWS},
            {"rows": [*ROWS[:-1], {"id": 49}]},
            "value['rows'][49]['name']: expected nothing, found 'site 49'",
        ),
        ([*LONG, True], [*LONG, 1], "value[1000]: expected 1, found True"),
        (
            [LONG, IN_2030],
            [LONG, IN_2030.date()],
            "value[1]: expected datetime.date(2030, 1, 31), "
            "found datetime.datetime(2030, 1, 31, 12, 0, tzinfo=datetime.timezone.utc)",
        ),
        (
            "x" * 500 + "z",
            "x" * 500 + "y",
            f"value[480:]: expected '{'x' * 20}y', found '{'x' * 20}z'",
        ),
        (LONG, "short", None),
        ({"a": 1}, {"a": 2}, "value: expected {'a': 2}, found {'a': 1}"),
        (
            {"$date": 1, "long": LONG},
            {"$date": 2, "long": LONG},
            "value['$date']: expected 2, found 1",
        ),
        ({"$a": LONG}, {"$a": LONG[:-1]}, "value['$a'][999]: expected nothing, found 999"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_long_value_is_shown_where_it_differs(
    given: Any, expected: Any, line: str | None
) -> None:
    told = difference(given, expected)

    assert told == line if line else told.startswith("value: expected 'short', found [0, 1, 2")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"at": 5, "rows": [1, {"id": 7}]}, {"at": ANY, "rows": [1, {"id": ANY}]}),
        ([1, 2], [ANY, ANY]),
        ((1, 2), (1, ANY)),
        ([None], [ANY]),
        ([IN_2030], [ANY]),
        ({"$a": 1}, {"$a": ANY}),
    ],
    ids=str,
)
def test_any_value_may_stand_inside_an_argument(given: Any, expected: Any) -> None:
    job = Take.enqueue(value=given)

    assert enqueued(Take, value=expected) == [job]


def test_any_value_stands_for_no_missing_one() -> None:
    assert difference([1], [1, ANY]) == "value: expected [1, <ANY>], found [1]"
    assert difference([*LONG], [*LONG, ANY]) == "value[1000]: expected <ANY>, found nothing"
    refute_enqueued(Take, value=[1, ANY])


def test_each_option_may_have_any_value() -> None:
    job = Take.enqueue(priority=5)

    options: Any = ("object", "user", "queue_name", "priority", "schedule_at", "interval", "status")
    assert_enqueued(Take, **dict.fromkeys(options, ANY))
    job.run_here()
    assert enqueued(Take, status=ANY) == [job]


def test_options_are_told_by_the_names_of_the_test() -> None:
    ada, bob = (User.objects.create_user(name) for name in ("ada", "bob"))
    Noop.enqueue(user=bob, schedule_at=IN_2030)

    with pytest.raises(AssertionError) as caught:
        assert_enqueued(Noop, user=ada, schedule_at=IN_2030 + timedelta(days=1))

    lines = str(caught.value).splitlines()
    assert "schedule_at=2030-02-01 12:00:00+00:00, user=<User: ada>" in lines[0]
    assert lines[3:] == [
        "    schedule_at: expected 2030-02-01 12:00:00+00:00, found 2030-01-31 12:00:00+00:00",
        "    user: expected <User: ada>, found <User: bob>",
    ]


def test_a_status_that_no_job_has_is_told() -> None:
    Noop.enqueue(schedule_at=datetime(2031, 1, 1, tzinfo=UTC))

    with pytest.raises(AssertionError, match=r"a completed job, .*\nNo job has this status\."):
        assert_enqueued(status="completed")
    with pytest.raises(AssertionError, match=r"Expected no scheduled job, but found 1 job:"):
        refute_enqueued(status="scheduled")
