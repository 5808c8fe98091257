"""Attempts: how many, when, after what, and what is kept of each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from pgjobs import BackgroundJob, JobFailed
from pgjobs.exceptions import InvalidArgument, Retry, Snooze
from pgjobs.models import Job, WorkerProcess
from pgjobs.retry import constant, exponential, linear
from tests.apps.testapp.jobs import Noop, Raising
from tests.support.moments import HOUR, MINUTE
from tests.support.sql import database_now
from tests.support.worker_process import run_burst_here

pytestmark = pytest.mark.django_db


class Stubborn(BackgroundJob):
    """Raises what it is told to, in each of its attempts."""

    error: BaseException = ValueError("boom")

    class Meta:
        max_attempts = 3
        backoff = constant(HOUR)

    def run(self) -> None:
        raise self.error


class Choosy(Stubborn):
    class Meta:
        retry_on = (ConnectionError, TimeoutError)
        fail_on = PermissionError


class HasItsOwnBackoff(Stubborn):
    class Meta:
        @staticmethod
        def backoff(attempt: int) -> timedelta:
            return timedelta(minutes=10 * attempt)


class HasABrokenBackoff(Stubborn):
    class Meta:
        @staticmethod
        def backoff(attempt: int) -> timedelta:
            raise LookupError("no such delay")


class ForgetsTheUnit(Stubborn):
    class Meta:
        backoff = staticmethod(lambda attempt: 5)


class AtOnce(Stubborn):
    class Meta:
        backoff = constant(timedelta(0))


def tried(job_class: type[BackgroundJob], times: int = 1, **options: Any) -> Job:
    job = job_class.enqueue(**options)
    for _ in range(times):
        job.run_here()
    return Job.objects.get(pk=job.pk)


def raising(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, job_class: type[Stubborn] = Stubborn
) -> Job:
    monkeypatch.setattr(job_class, "error", error)
    return tried(job_class)


def wait_of(run: Callable[[], Job]) -> timedelta:
    """How long the job that ``run`` returns waits, to the second or so."""
    before = database_now()
    job = run()
    assert job.status == "scheduled"
    assert job.scheduled is not None
    wait = job.scheduled - before
    return timedelta(seconds=round(wait.total_seconds()))


# How many ------------------------------------------------------------------------------


def test_a_job_has_one_attempt_unless_told_otherwise() -> None:
    assert tried(Raising).status == "errored"


@pytest.mark.parametrize("attempt", [1, 2])
def test_an_error_with_attempts_left_waits_for_the_next(attempt: int) -> None:
    job = tried(Stubborn, attempt)

    assert (job.status, job.attempt, len(job.errors)) == ("scheduled", attempt, attempt)


def test_the_last_attempt_is_the_end() -> None:
    job = tried(Stubborn, 3)

    assert (job.status, job.attempt, len(job.errors)) == ("errored", 3, 3)


def test_enqueue_may_allow_another_number() -> None:
    assert tried(Stubborn, max_attempts=1).status == "errored"
    assert tried(Stubborn, 3, max_attempts=4).status == "scheduled"


# When ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [
        (constant(MINUTE), [1, 1, 1, 1]),
        (linear(MINUTE), [1, 2, 3, 4]),
        (linear(MINUTE, cap=3 * MINUTE), [1, 2, 3, 3]),
        (exponential(MINUTE, jitter=0), [1, 2, 4, 8]),
        (exponential(MINUTE, cap=5 * MINUTE, jitter=0), [1, 2, 4, 5]),
    ],
)
def test_backoffs(backoff: Callable[[int], timedelta], waits: list[int]) -> None:
    assert [backoff(attempt) / MINUTE for attempt in (1, 2, 3, 4)] == waits


def test_exponential_backoff_is_capped_however_many_attempts_there_were() -> None:
    assert exponential(MINUTE, cap=HOUR, jitter=0)(30_000) == HOUR


def test_jitter_spreads_the_wait_either_way() -> None:
    waits = [exponential(HOUR, jitter=0.2)(1) for _ in range(200)]

    assert HOUR * 0.8 <= min(waits) < HOUR * 0.95
    assert HOUR * 1.05 < max(waits) <= HOUR * 1.2


def test_the_next_attempt_waits_as_the_class_says() -> None:
    assert wait_of(lambda: tried(Stubborn)) == HOUR


def test_any_function_of_the_attempt_is_a_backoff() -> None:
    assert wait_of(lambda: tried(HasItsOwnBackoff)) == 10 * MINUTE
    assert wait_of(lambda: tried(HasItsOwnBackoff, 2)) == 20 * MINUTE


@pytest.mark.parametrize("job_class", [HasABrokenBackoff, ForgetsTheUnit])
def test_a_broken_backoff_costs_no_attempt_and_the_log_says_so(
    job_class: type[BackgroundJob],
) -> None:
    wait = wait_of(lambda: tried(job_class))

    assert timedelta(seconds=8) <= wait <= timedelta(seconds=12)
    assert "Meta.backoff raised" in Job.objects.get().log_entries.latest("id").message


def test_no_wait_at_all_is_a_wait_too() -> None:
    assert wait_of(lambda: tried(AtOnce)) == timedelta(0)


def test_a_job_may_say_itself_when_to_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wait_of(lambda: raising(Retry(after=90), monkeypatch)) == timedelta(seconds=90)
    assert wait_of(lambda: raising(Retry(after=2 * HOUR), monkeypatch)) == 2 * HOUR
    assert wait_of(lambda: raising(Retry(after=0), monkeypatch)) == timedelta(0)


def test_a_job_that_asks_to_be_tried_again_without_saying_when_gets_the_backoff(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert wait_of(lambda: raising(Retry(), monkeypatch)) == HOUR


def test_asking_to_be_tried_again_costs_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stubborn, "error", Retry("The device is busy.", after=0))

    job = tried(Stubborn, 3)

    assert (job.status, job.attempt) == ("errored", 3)
    assert "The device is busy." in job.error


@pytest.mark.parametrize("wrong", ["soon", object()])
def test_a_moment_that_is_none_is_refused_where_it_is_said(wrong: Any) -> None:
    with pytest.raises(InvalidArgument):
        Retry(after=wrong)
    with pytest.raises(InvalidArgument):
        Snooze(until=wrong)


# After what --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConnectionResetError(), "scheduled"),
        (TimeoutError(), "scheduled"),
        (ValueError(), "errored"),
        (PermissionError("no"), "failed"),
        (JobFailed("no"), "failed"),
        (Retry(), "scheduled"),
    ],
)
def test_the_class_says_which_errors_are_worth_another_attempt(
    error: BaseException, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert raising(error, monkeypatch, Choosy).status == status


def test_what_fails_on_an_error_keeps_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert raising(PermissionError("read only"), monkeypatch, Choosy).error == "read only"


def test_what_is_no_exception_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    assert raising(GeneratorExit(), monkeypatch).status == "errored"


@pytest.mark.parametrize("option", ["retry_on", "fail_on"])
@pytest.mark.parametrize("wrong", ["ValueError", [ValueError], (ValueError, "KeyError"), 5])
def test_what_is_no_exception_class_is_refused_at_the_class(option: str, wrong: Any) -> None:
    meta = type("Meta", (), {option: wrong})

    with pytest.raises(TypeError, match=f"Meta.{option} must be an exception class or a tuple"):
        type("Wrong", (BackgroundJob,), {"Meta": meta, "run": Noop.run})


# Snooze ----------------------------------------------------------------------------------


@pytest.mark.parametrize("until", [HOUR, datetime(2099, 1, 1, tzinfo=UTC)])
def test_a_snooze_costs_no_attempt_and_is_no_error(
    until: timedelta | datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stubborn, "error", Snooze(until=until))

    job = tried(Stubborn, 5, max_attempts=1)

    assert (job.status, job.attempt, job.errors, job.error) == ("scheduled", 0, [], "")


def test_a_snoozed_job_is_due_when_it_said(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = datetime(2099, 1, 1, tzinfo=UTC)

    assert raising(Snooze(until=moment), monkeypatch).scheduled == moment
    assert wait_of(lambda: raising(Snooze(until=HOUR), monkeypatch)) == HOUR
    assert wait_of(lambda: raising(Snooze(until=timedelta(0)), monkeypatch)) == timedelta(0)


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="no time zone"):
        Snooze(until=datetime(2099, 1, 1))


# What is kept ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_each_attempt_is_kept_with_its_start_its_end_its_worker_and_its_error() -> None:
    job = AtOnce.enqueue()

    run_burst_here()

    job.refresh_from_db()
    worker = WorkerProcess.objects.get()
    assert [(entry["attempt"], entry["worker"]) for entry in job.errors] == [
        (attempt, worker.pk) for attempt in (1, 2, 3)
    ]
    moments = [parse_datetime(entry[key]) for entry in job.errors for key in ("started", "ended")]
    assert all(moments)
    assert moments == sorted(moment for moment in moments if moment)
    assert {(entry["exception"], entry["message"]) for entry in job.errors} == {
        ("builtins.ValueError", "boom")
    }


def test_a_retry_by_hand_whose_place_was_taken_neither_raises_nor_doubles() -> None:
    job = Raising.enqueue_once(max_attempts=1)
    job.run_here()
    assert Job.objects.filter(pk=job.pk, status="errored").exists()
    holder = Raising.enqueue_once()

    assert not Job.objects.get(pk=job.pk).retry()
    assert Job.objects.filter(pk__in=[job.pk]).retry() == 0
    assert list(Job.objects.live()) == [holder]
