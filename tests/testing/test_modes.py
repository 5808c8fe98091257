"""``PGJOBS["MODE"]``: whether enqueue() wakes a worker, runs the job, or does neither."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import pytest_django
from django.db import connection
from django.utils import timezone

from pgjobs import BackgroundJob
from pgjobs.conf import find_problems
from pgjobs.models import Job
from pgjobs.testing import time_travel
from tests.apps.testapp.jobs import Noop, Raising
from tests.support.moments import HOUR, TOMORROW

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


@pytest.fixture
def inline(settings: pytest_django.Settings) -> None:
    settings.PGJOBS = {"MODE": "inline"}


class Outer(BackgroundJob):
    def run(self) -> str:
        return Noop.enqueue(depth=1).status


def test_a_mode_that_does_not_exist_is_refused() -> None:
    (problem,) = find_problems({"MODE": "eager"})

    assert "one of worker, inline, manual, not 'eager'" in problem


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("verb", ["enqueue", "enqueue_once"])
@pytest.mark.parametrize("past", [None, timedelta(0), HOUR], ids=str)
def test_inline_a_due_job_is_finished_when_the_call_returns(
    verb: str, past: timedelta | None
) -> None:
    due = None if past is None else timezone.now() - past

    job = getattr(Noop, verb)(depth=2, schedule_at=due)

    assert (job.status, job.result) == ("completed", {"depth": 2})


@pytest.mark.usefixtures("inline")
def test_inline_jobs_of_a_bulk_run_in_their_order() -> None:
    ids = Noop.enqueue_many([{"depth": 1}, {"depth": 2}])

    finished = Job.objects.order_by("started")
    assert [(job.pk, job.status) for job in finished] == [(pk, "completed") for pk in ids]


@pytest.mark.usefixtures("inline")
@pytest.mark.parametrize("verb", ["enqueue", "enqueue_once"])
def test_inline_a_job_that_is_scheduled_for_later_waits(verb: str) -> None:
    assert getattr(Noop, verb)(schedule_at=TOMORROW).status == "scheduled"


@pytest.mark.usefixtures("inline")
def test_inline_a_recurring_job_runs_once_and_its_successor_waits() -> None:
    job = Noop.enqueue_once(interval=60)

    assert job.status == "completed"
    assert [each.status for each in Job.objects.live()] == ["scheduled"]


@pytest.mark.usefixtures("inline")
def test_inline_the_holder_of_a_place_runs_if_it_has_come_due() -> None:
    holder = Noop.enqueue_once(schedule_at=TOMORROW)

    assert Noop.enqueue_once() == holder
    assert Job.objects.get().status == "scheduled"
    with time_travel(2 * DAY):
        assert Noop.enqueue_once().status == "completed"
    assert Job.objects.get() == holder


@pytest.mark.usefixtures("inline")
def test_inline_a_job_runs_the_jobs_that_it_enqueues() -> None:
    assert Outer.enqueue().result == "completed"


@pytest.mark.usefixtures("inline")
def test_inline_an_exception_is_in_the_row_and_reaches_no_caller() -> None:
    job = Raising.enqueue()

    assert (job.status, job.error) == ("errored", "ValueError('boom')")


@pytest.mark.parametrize("mode", ["inline", "manual"])
def test_no_ring_waits_for_the_commit_unless_workers_run_the_jobs(
    mode: str, settings: pytest_django.Settings
) -> None:
    def rings() -> list[Any]:
        return [callback for _, callback, *_ in connection.run_on_commit]

    settings.PGJOBS = {"MODE": mode}
    Noop.enqueue()
    Noop.enqueue_many([{}])
    Noop.enqueue(schedule_at=TOMORROW).cancel()
    assert not any(type(callback).__name__ == "Ring" for callback in rings())

    settings.PGJOBS = {"MODE": "worker"}
    Noop.enqueue()
    assert any(type(callback).__name__ == "Ring" for callback in rings())


def test_manual_a_job_waits(settings: pytest_django.Settings) -> None:
    settings.PGJOBS = {"MODE": "manual"}

    assert Noop.enqueue().status == "pending"
