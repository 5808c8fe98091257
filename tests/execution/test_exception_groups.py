"""Exception groups, such as that of ``asyncio.TaskGroup``: each leaf still steers its job."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from pgjobs import BackgroundJob, JobFailed
from pgjobs.exceptions import JobCancelled, Retry, Snooze
from pgjobs.models import Job
from pgjobs.retry import constant
from tests.support.moments import HOUR, MINUTE
from tests.support.sql import database_now

pytestmark = pytest.mark.django_db


class Grouping(BackgroundJob):
    """Raises the exceptions that the test sets, each in a task of a group."""

    errors: list[BaseException]

    class Meta:
        max_attempts = 2
        backoff = constant(HOUR)
        retry_on = OSError
        fail_on = PermissionError

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for error in self.errors:
                tasks.create_task(self.fail(error))

    async def fail(self, error: BaseException) -> None:
        raise error


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Any:
    def end(*errors: BaseException) -> Job:
        monkeypatch.setattr(Grouping, "errors", errors, raising=False)
        return Grouping.enqueue(immediate=True)

    return end


@pytest.mark.parametrize(
    ("errors", "status", "error"),
    [
        ([JobFailed("no good")], "failed", "no good"),
        ([ValueError("x"), JobFailed("no good")], "failed", "no good"),
        ([Retry(), PermissionError("closed")], "failed", "closed"),
        ([ValueError("x"), JobCancelled("enough")], "cancelled", ""),
        ([OSError("x"), OSError("y")], "scheduled", "ExceptionGroup("),
        ([OSError("x"), ValueError("y")], "errored", "ExceptionGroup("),
        ([Snooze(until=MINUTE), OSError("x")], "scheduled", "ExceptionGroup("),
    ],
)
def test_the_leaves_of_a_group_decide_the_status(
    ended: Any, errors: list[BaseException], status: str, error: str
) -> None:
    job = ended(*errors)

    assert job.status == status
    assert job.error.startswith(error)


def test_a_group_inside_a_group_is_searched(ended: Any) -> None:
    assert ended(ExceptionGroup("inner", [JobFailed("no good")])).status == "failed"


def test_the_longest_wait_that_a_retry_in_a_group_asks_for_is_kept(ended: Any) -> None:
    job = ended(Retry(after=60), Retry(after=600), OSError("x"))

    assert job.status == "scheduled"
    assert timedelta(seconds=590) < job.scheduled - database_now() < timedelta(seconds=601)


def test_a_snooze_in_a_group_costs_no_attempt(ended: Any) -> None:
    job = ended(Snooze(until=MINUTE))

    assert (job.status, job.attempt, job.errors) == ("scheduled", 0, [])


def test_the_whole_group_is_kept_in_the_traceback_of_the_attempt(ended: Any) -> None:
    (entry,) = ended(ValueError("x"), JobFailed("no good")).errors

    assert "ValueError: x" in entry["traceback"]
    assert entry["message"] == "no good"


class Endless(ExceptionGroup[Exception]):
    """A group that says that it holds itself."""

    @property
    def exceptions(self) -> Any:
        return (self,)


def shared(depth: int) -> ExceptionGroup[Exception]:
    """Return groups that hold each other twice: as a tree they have ``2 ** depth`` leaves."""
    group: ExceptionGroup[Exception] = ExceptionGroup("shared", [ValueError("x")])
    for _ in range(depth):
        group = ExceptionGroup("shared", [group, group])
    return group


class Burying(BackgroundJob):
    """Raises the exception that the test sets."""

    error: BaseException

    def run(self) -> None:
        raise self.error


@pytest.mark.parametrize("error", [shared(60), Endless("endless", [ValueError("x")])])
def test_a_group_that_no_text_could_show_makes_the_job_errored_at_once(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Burying, "error", error, raising=False)
    job = Burying.enqueue(immediate=True)

    assert job.status == "errored"
    assert "with more than 50,000 exceptions in it" in job.error
    assert "in run" in job.errors[0]["traceback"]


def test_a_failure_in_groups_that_no_text_could_show_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = ExceptionGroup("all", [shared(60), JobFailed("no good")])
    monkeypatch.setattr(Burying, "error", error, raising=False)
    job = Burying.enqueue(immediate=True)

    assert (job.status, job.error) == ("failed", "no good")
