"""Attempts: their number, their moments, their errors, and the record of each."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.utils.dateparse import parse_datetime

from pgjobs import BackgroundJob, JobFailed
from pgjobs.exceptions import InvalidArgument, JobCancelled, Retry, Snooze
from pgjobs.models import Job, WorkerProcess
from pgjobs.retry import constant, exponential, linear
from tests.apps.testapp.jobs import Noop, Raising
from tests.support.moments import HOUR, MINUTE
from tests.support.sql import database_now
from tests.support.worker_process import run_burst_here

pytestmark = pytest.mark.django_db


class Stubborn(BackgroundJob):
    """Raises the exception that the test sets, in each of its attempts."""

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


class WaitsForAges(Stubborn):
    class Meta:
        backoff = staticmethod(lambda attempt: timedelta.max)


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
    """Return the wait of the job that ``run`` returns, in whole seconds."""
    job = run()
    after = database_now()
    assert job.status == "scheduled"
    assert job.scheduled is not None
    return timedelta(seconds=math.ceil((job.scheduled - after).total_seconds()))


# The number of attempts -----------------------------------------------------------------------


def test_a_job_without_max_attempts_has_one_attempt() -> None:
    assert tried(Raising).status == "errored"


@pytest.mark.parametrize("attempt", [1, 2])
def test_an_error_with_attempts_left_is_scheduled_for_the_next_attempt(attempt: int) -> None:
    job = tried(Stubborn, attempt)

    assert (job.status, job.attempt, len(job.errors)) == ("scheduled", attempt, attempt)


def test_an_error_in_the_last_attempt_makes_the_job_errored() -> None:
    job = tried(Stubborn, 3)

    assert (job.status, job.attempt, len(job.errors)) == ("errored", 3, 3)


def test_max_attempts_of_the_call_wins_over_that_of_the_class() -> None:
    assert tried(Stubborn, max_attempts=1).status == "errored"
    assert tried(Stubborn, 3, max_attempts=4).status == "scheduled"


# The wait ------------------------------------------------------------------------------------


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
def test_a_backoff_grows_as_its_kind_says_up_to_its_cap(
    backoff: Callable[[int], timedelta], waits: list[int]
) -> None:
    assert [backoff(attempt) / MINUTE for attempt in (1, 2, 3, 4)] == waits


def test_an_exponential_backoff_after_many_attempts_is_capped() -> None:
    assert exponential(MINUTE, cap=HOUR, jitter=0)(30_000) == HOUR


def test_jitter_shortens_some_waits_and_lengthens_others() -> None:
    waits = [exponential(HOUR, jitter=0.2)(1) for _ in range(200)]

    assert HOUR * 0.8 <= min(waits) < HOUR * 0.95
    assert HOUR * 1.05 < max(waits) <= HOUR * 1.2


def test_the_next_attempt_waits_for_the_backoff_of_the_class() -> None:
    assert wait_of(lambda: tried(Stubborn)) == HOUR


def test_a_function_of_the_attempt_serves_as_backoff() -> None:
    assert wait_of(lambda: tried(HasItsOwnBackoff)) == 10 * MINUTE
    assert wait_of(lambda: tried(HasItsOwnBackoff, 2)) == 20 * MINUTE


@pytest.mark.parametrize("job_class", [HasABrokenBackoff, ForgetsTheUnit, WaitsForAges])
def test_a_broken_backoff_is_replaced_by_the_default_and_the_log_says_so(
    job_class: type[BackgroundJob],
) -> None:
    wait = wait_of(lambda: tried(job_class))

    assert timedelta(seconds=8) <= wait <= timedelta(seconds=12)
    assert "Meta.backoff raised" in Job.objects.get().log_entries.latest("id").message


def test_a_backoff_of_zero_schedules_the_next_attempt_at_once() -> None:
    assert wait_of(lambda: tried(AtOnce)) == timedelta(0)


def test_a_job_that_raises_retry_with_a_delay_waits_for_this_delay(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert wait_of(lambda: raising(Retry(after=90), monkeypatch)) == timedelta(seconds=90)
    assert wait_of(lambda: raising(Retry(after=2 * HOUR), monkeypatch)) == 2 * HOUR
    assert wait_of(lambda: raising(Retry(after=0), monkeypatch)) == timedelta(0)


def test_a_job_that_raises_retry_without_a_delay_waits_for_the_backoff(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert wait_of(lambda: raising(Retry(), monkeypatch)) == HOUR


def test_a_job_that_raises_retry_uses_up_an_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stubborn, "error", Retry("The device is busy.", after=0))

    job = tried(Stubborn, 3)

    assert (job.status, job.attempt) == ("errored", 3)
    assert "The device is busy." in job.error


@pytest.mark.parametrize("wrong", ["soon", object()])
def test_a_delay_that_is_not_a_span_or_a_moment_is_refused_where_it_is_raised(wrong: Any) -> None:
    with pytest.raises(InvalidArgument):
        Retry(after=wrong)
    with pytest.raises(InvalidArgument):
        Snooze(until=wrong)


@pytest.mark.parametrize("wrong", [1e12, 1e300, math.inf, math.nan, timedelta.max, -1e12])
def test_a_delay_of_more_than_a_thousand_years_is_refused_where_it_is_raised(wrong: Any) -> None:
    with pytest.raises(InvalidArgument, match="at most 365000 days"):
        Retry(after=wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        datetime.min.replace(tzinfo=timezone(timedelta(hours=2))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-2))),
        timedelta.max,
    ],
)
def test_a_snooze_until_a_moment_that_no_job_can_have_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidArgument, match="until must be"):
        Snooze(until=wrong)


# The errors --------------------------------------------------------------------------------


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
def test_an_error_is_tried_again_or_fails_as_retry_on_and_fail_on_say(
    error: BaseException, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert raising(error, monkeypatch, Choosy).status == status


def test_an_error_of_fail_on_fails_the_job_with_its_text(monkeypatch: pytest.MonkeyPatch) -> None:
    assert raising(PermissionError("read only"), monkeypatch, Choosy).error == "read only"


def test_a_base_exception_with_attempts_left_is_not_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert raising(GeneratorExit(), monkeypatch).status == "errored"


@pytest.mark.parametrize("option", ["retry_on", "fail_on"])
@pytest.mark.parametrize("wrong", ["ValueError", [ValueError], (ValueError, "KeyError"), 5])
def test_a_retry_on_or_fail_on_without_exception_classes_is_refused_at_the_class(
    option: str, wrong: Any
) -> None:
    meta = type("Meta", (), {option: wrong})

    with pytest.raises(TypeError, match=f"Meta.{option} must be an exception class or a tuple"):
        type("Wrong", (BackgroundJob,), {"Meta": meta, "run": Noop.run})


# Snooze ----------------------------------------------------------------------------------


@pytest.mark.parametrize("until", [HOUR, datetime(2099, 1, 1, tzinfo=UTC)])
def test_a_snooze_uses_up_no_attempt_and_is_no_error(
    until: timedelta | datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stubborn, "error", Snooze(until=until))

    job = tried(Stubborn, 5, max_attempts=1)

    assert (job.status, job.attempt, job.errors, job.error) == ("scheduled", 0, [], "")


def test_a_snoozed_job_is_scheduled_for_the_moment_that_it_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    moment = datetime(2099, 1, 1, tzinfo=UTC)

    assert raising(Snooze(until=moment), monkeypatch).scheduled == moment
    assert wait_of(lambda: raising(Snooze(until=HOUR), monkeypatch)) == HOUR
    assert wait_of(lambda: raising(Snooze(until=timedelta(0)), monkeypatch)) == timedelta(0)


class SoonSnooze(Snooze):
    def __init__(self) -> None:
        self.until: Any = "soon"


class SoonRetry(Retry):
    def __init__(self) -> None:
        self.after: Any = "soon"


@pytest.mark.parametrize("error", [SoonSnooze(), SoonRetry()])
def test_a_delay_that_a_subclass_sets_is_checked_too(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Stubborn, "error", error)
    job = Stubborn.enqueue()
    Stubborn.handle(job)

    assert job.errors[-1]["exception"] == "pgjobs.exceptions.InvalidArgument"
    assert "not 'soon'" in job.error


def test_a_number_that_a_subclass_of_retry_sets_is_seconds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = SoonRetry()
    error.after = 60
    monkeypatch.setattr(Stubborn, "error", error)
    job = Stubborn.enqueue()
    Stubborn.handle(job)

    assert job.scheduled == pytest.approx(database_now() + MINUTE, abs=timedelta(seconds=20))


def test_a_snooze_until_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="no time zone"):
        Snooze(until=datetime(2099, 1, 1))


# The record ------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_each_failed_attempt_is_kept_with_its_start_its_end_its_worker_and_its_error() -> None:
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


def test_a_retry_of_a_job_whose_place_was_taken_returns_false_and_adds_no_job() -> None:
    job = Raising.enqueue_once(max_attempts=1)
    job.run_here()
    assert Job.objects.filter(pk=job.pk, status="errored").exists()
    holder = Raising.enqueue_once()

    assert not Job.objects.get(pk=job.pk).retry()
    assert Job.objects.filter(pk__in=[job.pk]).retry() == 0
    assert list(Job.objects.live()) == [holder]


LOGGED = [
    (ValueError("boom"), 1, "ERROR"),
    (ValueError("boom"), 2, "WARNING"),
    (ExceptionGroup("several", [ValueError("boom"), Retry()]), 1, "ERROR"),
    (Retry(), 1, "WARNING"),
    (Retry(), 2, "WARNING"),
    (SystemError("boom"), 1, "ERROR"),
    (JobFailed("no"), 1, None),
    (Snooze(until=HOUR), 1, None),
    (JobCancelled(), 1, None),
]


@pytest.mark.parametrize(("error", "attempts", "level"), LOGGED)
def test_an_exception_that_leaves_run_is_logged_once_with_its_traceback(
    error: BaseException,
    attempts: int,
    level: str | None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(Stubborn, "error", error)

    job = Stubborn.enqueue(max_attempts=attempts, immediate=True)

    logged = [record for record in caplog.records if record.exc_info]
    assert [record.levelname for record in logged] == ([level] if level else [])
    assert all(f"job={job.pk} " in record.getMessage() for record in logged)
    assert all(record.exc_info and record.exc_info[1] is error for record in logged)


def test_an_exception_after_terminate_is_logged_by_no_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Terminating(BackgroundJob):
        def run(self) -> None:
            self.job.terminate()
            raise ValueError("boom")

    assert Terminating.enqueue(immediate=True).status == "completed"
    assert [record for record in caplog.records if record.exc_info] == []
