"""Running jobs in a test: which run, in which order, what comes back, what is raised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from pgjobs import BackgroundJob, JobFailed, Retry, Snooze
from pgjobs.exceptions import InvalidArgument, UnknownQueue
from pgjobs.models import Job, Pause
from pgjobs.retry import constant
from pgjobs.testing import enqueued, fire_schedules, run_job, run_jobs, time_travel
from tests.apps.testapp.jobs import AboutObject, Coroutine, Noop, Raising
from tests.support.moments import HOUR, MINUTE, TOMORROW
from tests.support.rows import a_site

pytestmark = pytest.mark.django_db


class Parent(BackgroundJob):
    def run(self, children: int) -> None:
        for _ in range(children):
            Noop.enqueue()


class Endless(BackgroundJob):
    def run(self) -> None:
        Endless.enqueue()


class Flaky(BackgroundJob):
    """Raises in its first attempts."""

    class Meta:
        max_attempts = 5
        backoff = constant(HOUR)

    def run(self, failures: int = 2) -> str:
        if self.job.attempt <= failures:
            raise ConnectionError(f"attempt {self.job.attempt}")
        return "done"


class Steering(BackgroundJob):
    class Meta:
        max_attempts = 2

    def run(self, how: str) -> None:
        if self.job.scheduled is None:
            raise Retry("again", after=60) if how == "retry" else Snooze(until=MINUTE)


class Telling(BackgroundJob):
    def run(self, fails: bool = False) -> dict[str, Any]:
        self.logger.info("about %s", self.job.object)
        self.progress(1, 2, "half")
        self.job.data = {"seen": True}
        if fails:
            raise JobFailed("no good")
        return {"when": HOUR}


# run_jobs() ------------------------------------------------------------------------------


def test_all_due_jobs_run_in_the_order_of_queues_priorities_and_positions() -> None:
    low = Noop.enqueue(queue_name="low", priority=9)
    first, second = Noop.enqueue(), Noop.enqueue()
    urgent = Noop.enqueue(priority=1)
    high = Noop.enqueue(queue_name="high")

    assert run_jobs() == [high, urgent, first, second, low]
    assert {job.status for job in Job.objects.all()} == {"completed"}


def test_a_job_that_went_back_to_its_queue_runs_behind_the_waiting_ones() -> None:
    again, waiting = run_job(Noop).job, Noop.enqueue()
    again.retry()

    assert run_jobs() == [waiting, again]


def test_the_jobs_come_back_as_they_were_after_the_run() -> None:
    Noop.enqueue(depth=2)

    (job,) = run_jobs()

    assert (job.status, job.result) == ("completed", {"depth": 2})


def test_jobs_that_a_job_enqueues_run_too() -> None:
    Parent.enqueue(children=2)

    assert [job.job_class for job in run_jobs()] == [Parent.path, Noop.path, Noop.path]


def test_a_job_that_is_scheduled_for_later_waits() -> None:
    Noop.enqueue(schedule_at=TOMORROW)

    assert run_jobs() == []
    with time_travel(timedelta(days=2)):
        assert len(run_jobs()) == 1


def test_only_the_given_queues_are_served_in_the_given_order() -> None:
    default, low = Noop.enqueue(), Noop.enqueue(queue_name="low")
    Noop.enqueue(queue_name="high")

    assert run_jobs(queues=["low", "default"]) == [low, default]
    assert len(enqueued()) == 1


def test_a_queue_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownQueue):
        run_jobs(queues=["lwo"])


@pytest.mark.parametrize("paused", [{"queue": "default"}, {"job_class": Noop}], ids=str)
def test_paused_jobs_wait(paused: dict[str, Any]) -> None:
    Pause.objects.pause(**paused)
    Noop.enqueue()

    assert run_jobs() == []


def test_the_exception_of_a_job_is_raised_after_its_outcome_is_stored() -> None:
    raising, after = Raising.enqueue(), Noop.enqueue()

    with pytest.raises(ValueError, match="boom") as caught:
        run_jobs()

    raising.refresh_from_db()
    assert (raising.status, enqueued()) == ("errored", [after])
    assert caught.value.__notes__ == [
        f"Raised by job {raising.pk} of {Raising.path}, which is errored now."
    ]
    assert caught.traceback[-1].name == "run"


def test_an_exception_after_which_the_job_is_tried_again_is_raised_too() -> None:
    Flaky.enqueue()

    with pytest.raises(ConnectionError):
        run_jobs()

    assert [job.status for job in enqueued()] == ["scheduled"]


def test_a_failed_job_is_raised_too() -> None:
    Telling.enqueue(fails=True)

    with pytest.raises(JobFailed, match="no good"):
        run_jobs()


def test_nothing_is_raised_if_the_caller_says_so() -> None:
    Raising.enqueue()
    Noop.enqueue()

    assert [job.status for job in run_jobs(raising=False)] == ["errored", "completed"]


@pytest.mark.parametrize("how", ["retry", "snooze"])
def test_an_exception_that_only_steers_is_not_raised(how: str) -> None:
    Steering.enqueue(how=how)

    assert [job.status for job in run_jobs(ahead=HOUR)] == ["scheduled", "completed"]


def test_jobs_without_an_end_are_stopped_and_named() -> None:
    Endless.enqueue()
    Noop.enqueue()

    with pytest.raises(AssertionError) as caught:
        run_jobs(limit=4)

    assert f"has run 4 jobs, and job {enqueued()[0].pk} of {Endless.path}" in str(caught.value)
    assert f"{Endless.path} (3), {Noop.path} (1)" in str(caught.value)


def test_as_many_jobs_as_the_limit_may_run() -> None:
    Parent.enqueue(children=3)

    assert len(run_jobs(limit=4)) == 4


def test_ahead_runs_retries_at_their_due_moments() -> None:
    began = Flaky.enqueue().created

    ran = run_jobs(ahead=5 * HOUR, raising=False)

    job = ran[-1]
    assert [each.status for each in ran] == ["scheduled", "scheduled", "completed"]
    assert job.completed is not None
    assert 2 * HOUR < job.completed - began < 3 * HOUR


def test_ahead_ends_before_a_later_due_moment() -> None:
    Flaky.enqueue()

    assert len(run_jobs(ahead=1.5 * HOUR, raising=False)) == 2


def test_an_exception_ends_the_travel_of_ahead() -> None:
    Raising.enqueue(schedule_at=TOMORROW)

    with pytest.raises(ValueError, match="boom") as caught:
        run_jobs(ahead=timedelta(days=2))

    assert caught.value.__notes__
    assert timezone.now() < TOMORROW
    assert Noop.enqueue().created < TOMORROW


def test_ahead_follows_a_chain_and_time_is_itself_again_afterwards() -> None:
    job = Noop.enqueue(interval=60)

    assert len(run_jobs(ahead=3 * HOUR + MINUTE)) == 4
    assert Noop.enqueue().created - job.created < HOUR


def test_a_chain_without_ahead_runs_once() -> None:
    Noop.enqueue(interval=60)

    assert len(run_jobs()) == 1
    assert [job.status for job in enqueued()] == ["scheduled"]


def test_a_job_that_breaks_the_transaction_leaves_it_usable() -> None:
    from tests.execution.test_immediate import Duplicating

    Duplicating.enqueue()
    (job,) = run_jobs(raising=False)

    assert (job.status, connection.needs_rollback) == ("errored", False)
    assert Job.objects.get() == job


@pytest.mark.django_db(transaction=True)
def test_jobs_run_outside_a_transaction_too() -> None:
    Parent.enqueue(children=1)

    assert [job.status for job in run_jobs()] == ["completed", "completed"]


# run_job() --------------------------------------------------------------------------------


def test_one_run_returns_result_log_status_and_data() -> None:
    lund = a_site()

    run = run_job(Telling, object=lund)

    assert (run.status, run.result, run.data) == ("completed", {"when": HOUR}, {"seen": True})
    assert (run.log, run.error, run.exception) == (["about Lund"], "", None)
    assert run.job.progress == {"done": 1, "total": 2, "message": "half"}


def test_the_object_is_that_of_the_call() -> None:
    assert run_job(AboutObject, object=a_site("Oslo")).result == "Oslo"


def test_a_coroutine_is_awaited() -> None:
    assert run_job(Coroutine).result == "awaited"


def test_the_exception_is_raised_or_returned() -> None:
    with pytest.raises(JobFailed):
        run_job(Telling, fails=True)
    run = run_job(Telling, fails=True, raising=False)

    assert (run.status, run.error, run.log[-1]) == ("failed", "no good", "no good")
    assert isinstance(run.exception, JobFailed)


def test_a_run_that_will_be_tried_again_is_scheduled() -> None:
    run = run_job(Flaky, raising=False)

    assert (run.status, type(run.exception)) == ("scheduled", ConnectionError)


def test_only_the_given_job_runs() -> None:
    waiting = Noop.enqueue()

    run_job(Noop)

    assert enqueued() == [waiting]


def test_wrong_arguments_are_refused_as_by_enqueue() -> None:
    with pytest.raises(InvalidArgument, match="Did you mean fails"):
        run_job(Telling, fail=True)


# fire_schedules() --------------------------------------------------------------------------


@pytest.mark.usefixtures("no_system_jobs")
def test_system_jobs_fire_by_the_time_of_the_travel() -> None:
    Noop.setup(interval=60)

    first = fire_schedules()
    assert [job.job_class for job in first] == [Noop.path]
    run_jobs()
    assert fire_schedules() == []
    with time_travel(HOUR):
        assert len(fire_schedules()) == 1


@pytest.mark.usefixtures("no_system_jobs")
def test_a_cron_rule_fires_at_its_moment() -> None:
    Noop.setup(cron="15 3 * * *")
    with time_travel(datetime(2031, 5, 1, 3, 14, tzinfo=UTC)) as travel:
        assert fire_schedules() == []
        travel.move(2 * MINUTE)
        (job,) = fire_schedules()

    assert job.created.isoformat().startswith("2031-05-01T03:16")
