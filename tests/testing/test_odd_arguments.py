"""The functions of the test kit refuse arguments by which a test would run on or show nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from pgjobs.exceptions import InvalidArgument
from pgjobs.testing import live_worker, run_jobs
from tests.apps.testapp.jobs import Noop


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"ahead": 3600}, r"ahead must be a timedelta.*, not 3600\."),
        ({"ahead": None}, r"ahead must be a timedelta.*, not None\."),
        ({"limit": "5"}, r"limit must be a whole number from 1, not '5'\."),
        ({"limit": None}, r"limit must be a whole number from 1, not None\."),
        ({"limit": 2.5}, r"limit must be a whole number from 1, not 2\.5\."),
        ({"limit": 0}, r"limit must be a whole number from 1, not 0\."),
    ],
)
def test_run_jobs_refuses_a_wrong_argument_before_it_runs_a_job(
    options: dict[str, Any], said: str
) -> None:
    job = Noop.enqueue()

    with pytest.raises(InvalidArgument, match=said):
        run_jobs(**options)

    job.refresh_from_db()
    assert job.status == "pending"


@pytest.mark.django_db
def test_ahead_may_be_longer_than_time_lasts() -> None:
    Noop.enqueue()

    assert [job.status for job in run_jobs(ahead=timedelta.max)] == ["completed"]


@pytest.mark.parametrize("timeout", ["5", None, -1, float("nan"), float("inf")])
def test_live_worker_refuses_a_timeout_that_it_could_not_wait_for(timeout: Any) -> None:
    with pytest.raises(ValueError, match="timeout must be from 0 to 1,000,000 seconds, not"):
        live_worker(timeout=timeout)


@pytest.mark.django_db
@pytest.mark.parametrize("give", [list, iter])
def test_queues_may_be_given_by_any_iterable(give: Callable[[list[str]], Any]) -> None:
    Noop.enqueue(queue_name="low")

    assert len(run_jobs(queues=give(["low"]))) == 1
