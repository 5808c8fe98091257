"""The assertions about waiting jobs: what they accept, and what they say when they fail."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import ANY

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from pgjobs import BackgroundJob
from pgjobs.exceptions import InvalidArgument
from pgjobs.testing import assert_enqueued, enqueued, refute_enqueued
from tests.apps.testapp.jobs import Noop, plain_function
from tests.support.moments import TOMORROW
from tests.support.rows import a_site

pytestmark = pytest.mark.django_db


class Sync(BackgroundJob):
    def run(self, full: bool = False, since: Any = None, status: str = "", rows: Any = ()) -> None:
        """Takes an argument that is called like an option of the assertions."""


def failure_of(*target: Any, **expected: Any) -> str:
    with pytest.raises(AssertionError) as caught:
        assert_enqueued(*target, **expected)
    return str(caught.value)


def test_a_waiting_job_with_the_object_and_the_arguments_is_returned() -> None:
    lund = a_site()
    job = Sync.enqueue(lund, full=True, since=date(2026, 1, 31))

    assert assert_enqueued(Sync, object=lund, full=True) == job


@pytest.mark.parametrize(
    "expected",
    [
        {"full": False},
        {"full": 1},
        {"full": "True"},
        {"since": datetime(2026, 1, 31, tzinfo=UTC)},
        {"since": "2026-01-31"},
        {"rows": [1, 2]},
        {"rows": [1.0]},
        {"arguments": {"status": "other"}},
        {"queue_name": "low"},
        {"priority": 1},
        {"object": None},
        {"user": None},
        {"interval": 60},
        {"schedule_at": TOMORROW},
        {"status": "scheduled"},
    ],
    ids=",".join,
)
def test_a_job_that_differs_in_one_part_is_not_found(expected: dict[str, Any]) -> None:
    ada = User.objects.create_user("ada")
    given = {"full": True, "since": date(2026, 1, 31), "rows": [1], "status": "new"}
    Sync.enqueue(a_site(), user=ada, arguments=given)

    assert enqueued(Sync)
    assert enqueued(Sync, **expected) == []
    refute_enqueued(Sync, **expected)
    assert failure_of(Sync, **expected)


def test_an_argument_that_may_have_any_value_must_be_given() -> None:
    Sync.enqueue(full=True)

    assert_enqueued(Sync, full=ANY)
    refute_enqueued(Sync, since=ANY)


def test_model_instances_among_the_arguments_are_compared_by_model_and_key() -> None:
    lund, oslo = a_site(), a_site("Oslo")
    Sync.enqueue(since=lund)

    assert_enqueued(Sync, since=lund)
    refute_enqueued(Sync, since=oslo)


def test_an_argument_named_like_an_option_stands_in_arguments() -> None:
    Sync.enqueue(arguments={"status": "new"})

    assert_enqueued(Sync, arguments={"status": "new"})


def test_all_that_enqueue_took_can_be_expected() -> None:
    ada = User.objects.create_user("ada")
    lund = a_site()
    options: Any = {"user": ada, "queue_name": "low", "priority": 3, "interval": 5}
    Sync.enqueue(lund, schedule_at=TOMORROW, **options)

    assert_enqueued(Sync, object=lund, schedule_at=TOMORROW, status="scheduled", **options)


def test_functions_and_jobs_of_any_class_are_found() -> None:
    from pgjobs.models import Job

    first = Job.enqueue(plain_function, name="Plain")
    second = Noop.enqueue()

    assert enqueued() == [first, second]
    assert enqueued(plain_function) == [first]


def test_a_finished_job_is_not_enqueued_any_more() -> None:
    job = Sync.enqueue(full=True)
    job.run_here()

    refute_enqueued(Sync)
    assert enqueued(Sync, status="completed") == [job]
    assert f"Job {job.pk} is as expected, but it is completed by now." in failure_of(Sync)


def test_refute_names_the_jobs_that_wait() -> None:
    jobs = [Sync.enqueue(full=True) for _ in range(7)]

    with pytest.raises(AssertionError) as caught:
        refute_enqueued(Sync)
    first, second, *_, last = str(caught.value).splitlines()
    assert re.fullmatch(r"Expected no waiting job of .*\.Sync, but found 7 jobs:", first)
    assert re.fullmatch(rf"  job {jobs[0].pk}: .*Sync\(full=True\), pending, default", second)
    assert last == "  … and 2 more"


# What a failure says ------------------------------------------------------------------------


def test_the_nearest_job_comes_first_with_the_parts_that_differ() -> None:
    lund, oslo = a_site(), a_site("Oslo")
    Noop.enqueue()
    Sync.enqueue(oslo, full=False, since=date(2026, 1, 31))
    near = Sync.enqueue(lund, full=False, since=date(2026, 1, 31))

    lines = failure_of(Sync, object=lund, full=True, since=date(2026, 1, 31)).splitlines()

    assert lines[0] == (
        "Expected a pending or scheduled job of tests.testing.test_enqueued.Sync about "
        "<Site: Lund> with full=True, since=datetime.date(2026, 1, 31), and there is none."
    )
    assert lines[2].startswith(f"  job {near.pk}: tests.testing.test_enqueued.Sync(full=False")
    assert lines[3] == "    full: expected True, found False"
    assert lines[5:7] == [
        "    object: expected <Site: Lund>, found <Site: Oslo>",
        "    full: expected True, found False",
    ]
    assert "Noop()" in lines[7]


def test_a_job_of_the_class_is_nearer_than_one_of_another_class_with_fewer_differences() -> None:
    Noop.enqueue(full=True, since=None)
    Sync.enqueue(full=False)

    lines = failure_of(Sync, full=True, since=None).splitlines()

    assert "Sync(full=False)" in lines[2]
    assert "Noop(full=True, since=None)" in lines[5]


def test_values_are_shown_as_python_has_them() -> None:
    Sync.enqueue(since=date(2026, 1, 31))

    told = failure_of(Sync, since=date(2026, 2, 1))

    assert "expected datetime.date(2026, 2, 1), found datetime.date(2026, 1, 31)" in told


def test_an_argument_that_was_not_given_is_told() -> None:
    Sync.enqueue()

    assert "full: expected True, found not given" in failure_of(Sync, full=True)


def test_an_empty_queue_is_told() -> None:
    assert "No job waits at all." in failure_of(Sync)


def test_many_waiting_jobs_are_not_all_shown() -> None:
    for _ in range(7):
        Sync.enqueue()

    assert "… and 2 more" in failure_of(Sync, full=True)


def test_an_object_that_is_gone_is_shown_by_its_key() -> None:
    site = a_site()
    job = Sync.enqueue(site, since=site)
    type(site).objects.filter(pk=site.pk)._raw_delete("default")

    told = failure_of(Sync, object=None, since=None)

    assert f"found 'Testapp | site {site.pk}'" in told
    assert f"job {job.pk}" in told


def test_callbacks_that_wait_for_the_commit_are_told() -> None:
    Noop.enqueue()
    assert "on_commit" not in failure_of(Sync)

    transaction.on_commit(lambda: Sync.enqueue())

    assert "1 callback of transaction.on_commit() did not run" in failure_of(Sync)


# Mistakes in the assertion --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expected", "why"),
    [
        ({"ful": True}, "Did you mean full?"),
        ({"timeout": 5}, "timeout=5 is an option of enqueue"),
        ({"status": "new"}, "arguments={'status': …}"),
        ({"object": "Lund"}, "must be a model instance"),
        ({"full": object()}, "is not JSON"),
        ({"user": "ada"}, "user must be"),
        ({"queue_name": "lo"}, "Did you mean low?"),
        ({"priority": "high"}, "priority"),
        ({"interval": 0}, "interval"),
        ({"schedule_at": datetime(2026, 1, 31)}, "schedule_at"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_an_expectation_that_no_job_can_meet_is_refused(expected: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        refute_enqueued(Sync, **expected)

    assert why in str(caught.value)


@pytest.mark.parametrize("target", [Noop, None], ids=str)
def test_an_option_that_is_not_compared_is_no_argument_of_a_run_that_takes_any(target: Any) -> None:
    Noop.enqueue(timeout=5)

    with pytest.raises(InvalidArgument, match=r"arguments=\{'timeout': …\}"):
        refute_enqueued(target, timeout=5)


def test_a_class_that_is_not_registered_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="not a BackgroundJob class"):
        refute_enqueued(timedelta)
