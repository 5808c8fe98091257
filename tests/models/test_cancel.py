"""``cancel()``: a waiting job is cancelled at once, a running one as soon as it listens."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from pgjobs import events
from pgjobs.choices import FINISHED, JobStatus
from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop, Tracing
from tests.apps.testapp.models import Trace
from tests.support.elsewhere import elsewhere, is_waited_for
from tests.support.eventually import eventually
from tests.support.moments import TOMORROW
from tests.support.rows import a_finished_job, a_job
from tests.support.sql import query
from tests.support.told_events import ToldSoFar

pytestmark = pytest.mark.django_db

LAST_DAY: Final = datetime(9998, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize("options", [{}, {"schedule_at": TOMORROW}])
def test_a_waiting_job_is_cancelled_at_once(options: dict[str, Any]) -> None:
    job = Noop.enqueue(**options)

    assert job.cancel()
    assert (job.status, Job.objects.get().status) == ("cancelled", "cancelled")
    assert job.completed is not None


@pytest.mark.parametrize("order", ["-id", "id"])
def test_jobs_that_are_chosen_by_an_order_are_the_ones_that_are_cancelled(order: str) -> None:
    for _ in range(3):
        Noop.enqueue()
    chosen = Job.objects.order_by("job_class", order).distinct("job_class")
    expected = chosen.get().pk

    assert chosen.cancel() == 1
    assert Job.objects.get(status="cancelled").pk == expected


def test_a_cancelled_job_does_not_run() -> None:
    job = Tracing.enqueue()
    job.cancel()

    job.run_here()

    assert not Trace.objects.exists()


@pytest.mark.parametrize("status", FINISHED)
def test_a_finished_job_cannot_be_cancelled(status: JobStatus) -> None:
    job = a_finished_job(status)
    before = query("SELECT * FROM pgjobs_job")

    assert not job.cancel()
    assert query("SELECT * FROM pgjobs_job") == before


def test_a_cancel_by_a_stale_instance_goes_by_the_row() -> None:
    job = Noop.enqueue()
    Job.objects.get(pk=job.pk).terminate()

    assert not job.cancel()
    assert job.status == "completed"


def test_a_running_job_is_asked_to_end() -> None:
    job = Noop.enqueue()
    job.start()

    assert job.cancel()
    assert job.status == "running"
    assert job.cancel_requested is not None


def test_a_cancelled_recurring_job_ends_its_chain() -> None:
    Noop.enqueue(interval=60).cancel()

    assert not Job.objects.live().exists()


def test_a_running_recurring_job_that_is_cancelled_ends_its_chain() -> None:
    job = Noop.enqueue(interval=60)
    job.start()

    job.cancel()
    job.terminate()

    assert not Job.objects.live().exists()


def test_a_recurring_job_cancelled_with_keep_schedule_has_a_successor() -> None:
    job = Noop.enqueue(schedule_at=TOMORROW, interval=60)

    assert job.cancel(keep_schedule=True)

    assert job.status == "cancelled"
    assert Job.objects.live().get().scheduled == TOMORROW + timedelta(minutes=60)


def test_several_jobs_are_locked_and_cancelled_in_two_statements(
    django_assert_num_queries: Any,
) -> None:
    for _ in range(3):
        Noop.enqueue()
    a_finished_job()

    with django_assert_num_queries(2):
        count = Job.objects.cancel()

    assert (count, Job.objects.filter(status="cancelled").count()) == (3, 3)


@pytest.mark.django_db(transaction=True)
def test_a_job_that_starts_while_a_cancel_waits_is_asked_to_end() -> None:
    job = Noop.enqueue()
    with transaction.atomic():
        job.start()
        cancelled = elsewhere(Job.objects.cancel)
        eventually(is_waited_for)

    assert cancelled.result(10) == 1
    job.refresh_from_db()
    assert (job.status, job.cancel_requested is None) == ("running", False)


@pytest.mark.django_db(transaction=True)
def test_a_job_that_ends_while_a_cancel_waits_is_not_cancelled() -> None:
    job = Noop.enqueue()
    with transaction.atomic():
        job.terminate()
        cancelled = elsewhere(Job.objects.cancel)
        eventually(is_waited_for)

    assert cancelled.result(10) == 0
    assert Job.objects.get().status == "completed"


def seconds_to_skip() -> float:
    """Skip the next run of all live jobs; return the seconds that it takes."""
    began, live = time.monotonic(), Job.objects.live().count()
    assert Job.objects.cancel(keep_schedule=True) == live
    return time.monotonic() - began


def test_thousands_of_runs_are_skipped_in_time(django_assert_max_num_queries: Any) -> None:
    """A join by the epoch, which most rows share, would take a hundred times as long for ten times
    as many."""
    Noop.enqueue_many([{}] * 1_000, interval=60)
    query("ANALYZE pgjobs_job")
    few = seconds_to_skip()
    Noop.enqueue_many([{}] * 9_000, interval=60)
    query("ANALYZE pgjobs_job")

    with django_assert_max_num_queries(60):
        many = seconds_to_skip()

    assert Job.objects.live().count() == 10_000
    assert many < 40 * few


def test_jobs_found_by_a_join_are_cancelled() -> None:
    job = Noop.enqueue(user=User.objects.create(username="ann"))
    Noop.enqueue()

    assert Job.objects.filter(user__username="ann").distinct().cancel() == 1
    assert list(Job.objects.filter(status="cancelled")) == [job]


def test_jobs_whose_successors_are_refused_are_cancelled_without_them_beside_their_neighbours(
    told: ToldSoFar,
) -> None:
    ann = User.objects.create(username="ann")
    sound = Noop.enqueue_many([{}] * 20, interval=60)
    too_late = a_job("scheduled", scheduled=LAST_DAY, interval=60 * 24)
    malformed = a_job(interval=60, successor={"interval": "often"})
    for_ann = a_job(interval=60, successor={"interval": 60, "user_id": str(ann.pk)})
    for_nobody = a_job(interval=60, successor={"interval": 60, "user_id": "0"})
    with transaction.atomic():
        assert Job.objects.cancel(keep_schedule=True) == 24
    assert Job.objects.filter(status="cancelled").count() == 24
    assert Job.objects.live().count() == 22
    assert [job.user for job in Job.objects.live().exclude(user=None)] == [ann]
    for job in (too_late, malformed, for_ann, for_nobody):
        job.refresh_from_db()
        assert ("does not recur" in job.error) == (job in (too_late, malformed))
    lost = {event["job_id"] for event in told(events.SuccessorLost)}
    assert lost == {too_late.pk, malformed.pk}
    assert not Job.objects.filter(pk__in=sound).exclude(error="").exists()


def test_a_run_whose_successor_would_be_too_late_is_skipped_without_it() -> None:
    job = a_job("scheduled", scheduled=LAST_DAY, interval=60 * 24)

    assert job.cancel(keep_schedule=True)
    assert job.status == "cancelled"
    assert not Job.objects.live().exists()
