"""The log and the progress of a job."""

from __future__ import annotations

import logging
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from pgjobs import BackgroundJob
from pgjobs.models import Job, JobLogEntry
from tests.apps.testapp.jobs import Failing, Logging, Raising
from tests.support.running import ran

pytestmark = pytest.mark.django_db

# Each statement measures the age of its lines for itself.
CLOCK_SKEW = timedelta(seconds=1)


class Says(BackgroundJob):
    """Logs the arguments that the test sets."""

    arguments: tuple[Any, ...]

    def run(self) -> None:
        self.logger.warning(*self.arguments)


class Catches(BackgroundJob):
    def run(self) -> None:
        try:
            raise ValueError("boom")
        except ValueError:
            self.logger.exception("could not %s", "do it")


class Advances(BackgroundJob):
    steps: list[tuple[Any, ...]]

    def run(self) -> None:
        for step in self.steps:
            self.progress(*step)


class Leaked(BackgroundJob):
    loggers: list[logging.Logger] = []

    def run(self) -> None:
        self.loggers.append(self.logger)
        self.logger.info("job %s", self.job.pk)


def lines(job: Job) -> list[tuple[str, str]]:
    return [(entry.level, entry.message) for entry in job.log_entries.all()]


def test_each_logged_line_is_kept_in_order_with_its_level() -> None:
    assert lines(ran(Logging)) == [
        ("debug", "a debug line"),
        ("info", "an info line"),
        ("warning", "a warning line"),
        ("error", "an error line"),
    ]


def test_a_logged_line_has_the_moment_at_which_it_was_logged() -> None:
    job = ran(Logging)

    moments = [entry.timestamp for entry in job.log_entries.all()]
    assert job.started is not None
    assert job.completed is not None
    assert sorted(moments) == moments
    assert job.started - CLOCK_SKEW <= moments[0]
    assert moments[-1] <= job.completed + CLOCK_SKEW


def test_a_logged_exception_is_kept_with_its_traceback() -> None:
    ((level, message),) = lines(ran(Catches))

    assert level == "error"
    assert message.startswith("could not do it\nTraceback (most recent call last):")
    assert message.endswith("ValueError: boom")


def test_an_exception_that_escapes_is_one_error_line_with_its_traceback() -> None:
    ((level, message),) = lines(ran(Raising, message="boom"))

    assert level == "error"
    assert message.startswith("Traceback (most recent call last):")
    assert message.rstrip().endswith("ValueError: boom")


def test_a_failure_is_logged_as_one_warning() -> None:
    assert lines(ran(Failing, why="no good")) == [("warning", "no good")]


def test_a_logged_line_names_its_attempt() -> None:
    job = ran(Raising, max_attempts=2)
    job.run_here()

    assert [entry.attempt for entry in job.log_entries.all()] == [1, 2]


def test_two_jobs_of_one_class_have_separate_logs() -> None:
    jobs = [ran(Leaked), ran(Leaked)]

    Leaked.loggers[0].info("late")

    assert [lines(job) for job in jobs] == [
        [("info", f"job {jobs[0].pk}"), ("info", "late")],
        [("info", f"job {jobs[1].pk}")],
    ]


def test_a_logged_line_reaches_the_projects_logging(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "pgjobs.jobs.Logging"):
        ran(Logging)

    assert ("pgjobs.jobs.Logging", logging.INFO, "an info line") in caplog.record_tuples


@pytest.mark.parametrize(
    ("text", "kept"), [("a\x00b", r"a\x00b"), ("caf\udce9.txt", r"caf\udce9.txt"), ("😀", "😀")]
)
def test_a_line_that_postgresql_cannot_store_is_escaped(
    text: str, kept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Says, "arguments", ("file %s", text), raising=False)

    job = ran(Says)

    assert (job.status, lines(job)) == ("completed", [("warning", f"file {kept}")])


def test_a_line_that_cannot_be_filled_in_does_not_end_the_job(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(Says, "arguments", ("%d files", "many"), raising=False)
    monkeypatch.setattr(logging.getLogger("pgjobs.jobs.Says"), "propagate", False)

    assert ran(Says).status == "completed"
    assert "--- Logging error ---" in capsys.readouterr().err


def test_progress_is_written_to_the_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Advances, "steps", [(1, 3, "first"), (2, 3, "second")], raising=False)

    assert ran(Advances).progress == {"done": 2, "total": 3, "message": "second"}


def test_progress_without_a_total_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Advances, "steps", [(7,)], raising=False)

    assert ran(Advances).progress == {"done": 7, "total": None, "message": ""}


def test_progress_with_any_number_and_any_text_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = [(Decimal("1.5"), 2, "caf\udce9 \x00")]
    monkeypatch.setattr(Advances, "steps", steps, raising=False)

    assert ran(Advances).progress == {"done": 1.5, "total": 2, "message": r"caf\udce9 \x00"}


@pytest.mark.parametrize("step", [(float("nan"),), (1, float("inf")), ("half",)])
def test_progress_that_is_not_a_number_makes_the_job_errored(
    step: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Advances, "steps", [step], raising=False)

    job = ran(Advances)

    assert (job.status, job.progress) == ("errored", None)


def test_the_log_of_a_deleted_job_is_deleted() -> None:
    job = ran(Logging)

    job.delete()

    assert not JobLogEntry.objects.exists()


class SetsLevels(BackgroundJob):
    def run(self) -> None:
        child = self.logger.getChild("child")
        self.logger.debug("first")
        child.debug("child first")
        self.logger.setLevel(logging.WARNING)
        self.logger.info("dropped")
        child.info("dropped")
        child.setLevel(logging.INFO)
        self.logger.getChild("child").info("kept")
        self.logger.warning("last")


def test_the_level_and_the_children_of_the_logger_work_as_those_of_other_loggers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    kept = [("debug", "first"), ("debug", "child first"), ("info", "kept"), ("warning", "last")]

    with caplog.at_level(logging.DEBUG, "pgjobs.jobs.SetsLevels"):
        assert lines(ran(SetsLevels)) == kept

    assert [record.name for record in caplog.records if record.message in ("kept", "last")] == [
        "pgjobs.jobs.SetsLevels.child",
        "pgjobs.jobs.SetsLevels",
    ]


def test_logging_that_is_disabled_reaches_no_job() -> None:
    logging.disable(logging.WARNING)
    try:
        assert lines(ran(Logging)) == [("error", "an error line")]
    finally:
        logging.disable(logging.NOTSET)
