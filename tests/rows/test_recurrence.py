"""``interval=``: the next run follows however the last run ended, and carries its options."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from pgjobs import BackgroundJob
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from tests.apps.testapp.jobs import Failing, Noop, Raising
from tests.support.moments import HOUR, MINUTE, TOMORROW
from tests.support.rows import a_site
from tests.support.sql import database_now

pytestmark = pytest.mark.django_db


class ChangesItsRule(BackgroundJob):
    """Asks for another rule while it runs, and fails the first time."""

    rule: dict[str, Any]

    def run(self) -> None:
        if self.job.attempt == 1:
            type(self).enqueue_once(**self.rule)
            raise ValueError("try again")


def successor_of(job: Job) -> Job:
    """Run the job; return its successor."""
    job.run_here()
    assert job.is_finished
    return Job.objects.live().get()


def test_the_next_run_of_a_scheduled_job_counts_from_its_scheduled_time() -> None:
    successor = successor_of(Noop.enqueue(schedule_at=TOMORROW, interval=60))

    assert (successor.status, successor.scheduled) == ("scheduled", TOMORROW + HOUR)


def test_the_next_run_of_an_unscheduled_job_counts_from_its_start() -> None:
    job = Noop.enqueue(interval=60)

    successor = successor_of(job)

    assert job.started is not None
    assert successor.scheduled == job.started + HOUR


def test_the_next_run_of_a_late_job_is_a_minute_ahead() -> None:
    job = Noop.enqueue(schedule_at=timezone.now() - timedelta(days=3), interval=60)
    before = database_now()

    successor = successor_of(job)

    assert successor.scheduled is not None
    assert before + MINUTE <= successor.scheduled <= database_now() + MINUTE


def test_missed_runs_collapse_into_one() -> None:
    successor_of(Noop.enqueue(schedule_at=timezone.now() - timedelta(days=3), interval=60))

    assert Job.objects.live().count() == 1


@pytest.mark.parametrize("interval", [1, 7, 90, 1441, 43200])
def test_the_next_run_of_any_interval_is_the_interval_later(interval: int) -> None:
    successor = successor_of(Noop.enqueue(schedule_at=TOMORROW, interval=interval))

    assert successor.scheduled == TOMORROW + timedelta(minutes=interval)


@pytest.mark.parametrize("job_class", [Noop, Failing, Raising])
def test_a_job_with_an_interval_recurs_however_it_ended(job_class: type[BackgroundJob]) -> None:
    successor = successor_of(job_class.enqueue(schedule_at=TOMORROW, interval=60))

    assert (successor.name, successor.scheduled) == (job_class.name, TOMORROW + HOUR)


def test_a_job_that_ends_cancelled_does_not_recur() -> None:
    job = Noop.enqueue(interval=60)
    job.start()
    job.terminate(JobStatus.CANCELLED)

    assert not Job.objects.live().exists()


def test_a_job_without_an_interval_does_not_recur() -> None:
    Noop.enqueue(schedule_at=TOMORROW).run_here()

    assert not Job.objects.live().exists()


def test_the_next_run_carries_every_option_and_argument() -> None:
    site, user = a_site(), User.objects.create_user("ann")
    job = Noop.enqueue_once(
        site,
        schedule_at=TOMORROW,
        interval=60,
        user=user,
        queue_name="high",
        priority=5,
        timeout=7,
        max_attempts=3,
        notifications="on_failure",
        meta={"traceparent": "00-ab"},
        at=TOMORROW,
        depth=2,
    )
    Job.objects.filter(pk=job.pk).update(args=["first"])
    carried = (
        "job_class name args kwargs object_type object_id user queue_name priority once_key "
        "interval timeout max_attempts notifications meta"
    ).split()
    before = Job.objects.values(*carried).get()

    job.start()
    job.terminate()

    assert Job.objects.live().values(*carried).get() == before


def test_the_next_run_carries_no_trace_of_the_last() -> None:
    job = Raising.enqueue(interval=60, max_attempts=1)
    job.data = {"added": 3}

    successor = successor_of(job)

    assert (successor.attempt, successor.epoch, successor.interruptions) == (0, 0, 0)
    assert (successor.error, successor.errors, successor.worker) == ("", [], None)
    assert (successor.data, successor.result, successor.progress) == (None, None, None)
    assert successor.position > job.position


def test_a_job_that_is_tried_again_recurs_only_after_its_last_attempt() -> None:
    job = Raising.enqueue(interval=60, max_attempts=2)

    job.run_here()

    assert list(Job.objects.live()) == [job]
    assert successor_of(job).pk != job.pk


@pytest.mark.parametrize("attempts", [2, 3])
def test_a_job_that_is_tried_again_keeps_the_phase_of_its_chain(attempts: int) -> None:
    job = Raising.enqueue(schedule_at=TOMORROW, interval=60, max_attempts=attempts)

    for _ in range(attempts):
        job.run_here()

    assert Job.objects.live().get().scheduled == TOMORROW + HOUR


def test_a_new_rule_given_before_a_retry_holds_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChangesItsRule, "rule", {"interval": 90}, raising=False)
    job = ChangesItsRule.enqueue_once(schedule_at=TOMORROW, interval=60, max_attempts=2)

    job.run_here()
    successor = successor_of(job)

    assert (successor.interval, successor.scheduled) == (90, TOMORROW + timedelta(minutes=90))


def test_a_chain_ended_before_a_retry_stays_ended_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChangesItsRule, "rule", {}, raising=False)
    job = ChangesItsRule.enqueue_once(schedule_at=TOMORROW, interval=60, max_attempts=2)

    job.run_here()
    job.run_here()

    assert job.status == "completed"
    assert not Job.objects.live().exists()


def test_a_released_job_has_no_successor() -> None:
    job = Noop.enqueue(interval=60)
    job.start()

    with connection.cursor() as cursor:
        record(cursor, [Outcome.released(job.pk, job.epoch)])

    assert Job.objects.values_list("pk", "attempt", "status").get() == (job.pk, 0, "pending")


def test_two_chains_that_differ_only_in_their_arguments_both_go_on() -> None:
    jobs = [Noop.enqueue(interval=60, site=site) for site in ("Lund", "Umeå")]

    for job in jobs:
        job.run_here()

    assert sorted(job.kwargs["site"] for job in Job.objects.live()) == ["Lund", "Umeå"]


def test_a_chain_goes_on_run_after_run() -> None:
    job = Noop.enqueue_once(interval=60)

    for _ in range(5):
        job = successor_of(job)

    assert (Job.objects.count(), Job.objects.live().count()) == (6, 1)
