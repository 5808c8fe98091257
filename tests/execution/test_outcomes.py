"""The end of a job, and the values of its row after it."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from pgjobs import BackgroundJob, JobFailed
from pgjobs.models import Job
from tests.apps.testapp.jobs import Failing, Leaves, Noop, Raising, TracingArguments
from tests.apps.testapp.models import Trace
from tests.apps.unruly.jobs import Unspeakable
from tests.support.running import ran

pytestmark = pytest.mark.django_db


class Raises(BackgroundJob):
    """Raises the exception that the test sets."""

    error: BaseException

    def run(self) -> None:
        raise self.error


def test_a_job_that_returns_is_completed() -> None:
    job = ran(Noop)

    assert (job.status, job.error, job.errors, job.attempt) == ("completed", "", [], 1)
    assert job.started is not None
    assert job.completed is not None
    assert job.created <= job.started <= job.completed


def test_job_failed_with_a_text_fails_the_job_with_this_error() -> None:
    job = ran(Failing, why="The device did not answer.")

    assert (job.status, job.error) == ("failed", "The device did not answer.")


def test_job_failed_without_a_text_keeps_the_error_that_run_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Leaves, "attributes", {"error": "3 of 5 failed"}, raising=False)
    monkeypatch.setattr(Leaves, "error", JobFailed())

    job = ran(Leaves)

    assert (job.status, job.error) == ("failed", "3 of 5 failed")


def test_an_exception_that_escapes_makes_the_job_errored() -> None:
    job = ran(Raising, message="boom")

    assert (job.status, job.error) == ("errored", "ValueError('boom')")


def test_a_failed_attempt_is_kept_with_exception_traceback_and_moments() -> None:
    job = ran(Raising, message="boom")

    (entry,) = job.errors
    assert (entry["exception"], entry["message"]) == ("builtins.ValueError", "boom")
    assert (entry["attempt"], entry["worker"]) == (1, None)
    assert entry["traceback"].rstrip().endswith("ValueError: boom")
    assert entry["started"] <= entry["ended"]


def test_a_base_exception_makes_the_job_errored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Raises, "error", GeneratorExit(), raising=False)

    assert ran(Raises).status == "errored"


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (Unspeakable(), "Unspeakable (showing it raised RuntimeError)"),
        (ValueError("a\x00b"), r"ValueError('a\x00b')"),
        (ValueError("caf\udce9"), r"ValueError('caf\udce9')"),
        (ExceptionGroup("both", [ValueError("a\x00b")]), "ExceptionGroup('both', "),
    ],
)
def test_an_exception_that_cannot_be_shown_or_stored_makes_the_job_errored(
    error: Exception, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Raises, "error", error, raising=False)

    job = ran(Raises)

    assert job.status == "errored"
    assert job.error.startswith(shown)


@pytest.mark.parametrize("text", ["a\x00b", "caf\udce9"])
def test_a_failure_text_that_postgresql_cannot_store_is_escaped(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Raises, "error", JobFailed(text), raising=False)

    assert ran(Raises).error == text.replace("\x00", r"\x00").replace("\udce9", r"\udce9")


@pytest.mark.parametrize("error", ["a\x00b", "caf\udce9", ValueError("boom"), None])
def test_any_value_that_run_puts_into_error_leaves_the_job_completed(
    error: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Leaves, "attributes", {"error": error}, raising=False)

    assert ran(Leaves).status == "completed"


def test_a_class_that_is_not_registered_makes_the_job_errored() -> None:
    job = Noop.enqueue()
    Job.objects.update(job_class="os.system")
    job.refresh_from_db()

    job.run_here()

    assert job.status == "errored"
    assert "'os.system' is not registered" in job.error


def test_a_job_that_is_handled_twice_runs_once() -> None:
    job = TracingArguments.enqueue()

    for _ in range(2):
        TracingArguments.handle(Job.objects.get(pk=job.pk))

    assert Trace.objects.count() == 1


def test_an_error_with_attempts_left_is_scheduled_again() -> None:
    job = ran(Raising, max_attempts=2)

    assert (job.status, job.attempt, len(job.errors)) == ("scheduled", 1, 1)
    assert job.scheduled is not None
    assert job.scheduled > timezone.now()
    assert (job.started, job.completed) == (None, None)


def test_an_error_in_the_last_attempt_ends_the_job_with_one_entry_per_attempt() -> None:
    job = ran(Raising, max_attempts=2)

    job.run_here()

    assert (job.status, job.attempt) == ("errored", 2)
    assert [entry["attempt"] for entry in job.errors] == [1, 2]


def test_a_failure_with_attempts_left_is_not_tried_again() -> None:
    assert ran(Failing, max_attempts=2).status == "failed"
