"""Texts and data that a job leaves in its row are bounded, and cut with a mark."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from pgjobs import BackgroundJob, JobFailed
from pgjobs.models import Job
from pgjobs.rows.text import cut, kept
from tests.support.running import ran

pytestmark = pytest.mark.django_db

LIMIT = 1000
LONG = f"begins {'x' * 50_000} ends"


@pytest.fixture(autouse=True)
def low_limits(settings: Settings) -> None:
    settings.PGJOBS = {"MAX_TEXT_SIZE": LIMIT, "MAX_DATA_SIZE": LIMIT}


def is_cut(text: str) -> bool:
    return len(text) <= LIMIT and "cut by MAX_TEXT_SIZE" in text


class Verbose(BackgroundJob):
    """Leaves a long text in one of the columns."""

    def run(self, where: str) -> Any:
        getattr(self, where)()

    def raised(self) -> None:
        raise ValueError(LONG)

    def failed(self) -> None:
        raise JobFailed(LONG)

    def caused(self) -> None:
        raise ValueError("short") from ValueError(LONG)

    def set_as_error(self) -> None:
        self.job.error = LONG

    def logged(self) -> None:
        self.logger.info(LONG)

    def told_as_progress(self) -> None:
        self.progress(1, 2, LONG)

    def left_as_data(self) -> None:
        self.job.data = {"long": LONG}

    def left_as_data_of_a_failure(self) -> None:
        self.left_as_data()
        self.failed()

    def left_as_data_at_its_own_end(self) -> None:
        self.left_as_data()
        self.job.terminate()


def texts_of(job: Job) -> list[str]:
    """Return all the texts that the job has left in rows."""
    failures = [value for failure in job.errors for value in failure.values()]
    progress = (job.progress or {}).get("message", "")
    lines = job.log_entries.values_list("message", flat=True)
    return [text for text in (job.error, progress, *failures, *lines) if isinstance(text, str)]


@pytest.mark.parametrize(
    ("where", "status"),
    [
        ("raised", "errored"),
        ("failed", "failed"),
        ("caused", "errored"),
        ("set_as_error", "completed"),
        ("logged", "completed"),
        ("told_as_progress", "completed"),
    ],
)
def test_a_long_text_of_a_job_is_cut_with_a_mark(where: str, status: str) -> None:
    job = ran(Verbose, where=where)

    assert job.status == status
    assert any(is_cut(text) for text in texts_of(job))
    assert max(map(len, texts_of(job))) <= LIMIT


@pytest.mark.parametrize(
    ("where", "status"),
    [
        ("left_as_data", "completed"),
        ("left_as_data_of_a_failure", "failed"),
        ("left_as_data_at_its_own_end", "completed"),
    ],
)
def test_data_that_is_too_long_is_left_out_and_the_log_says_so(where: str, status: str) -> None:
    job = ran(Verbose, where=where)

    assert (job.status, job.data) == (status, None)
    (line,) = job.log_entries.filter(message__contains="job.data")
    assert line.message == "Not kept: job.data has 50,024 characters as JSON, more than 1,000."


def test_a_cut_text_keeps_its_beginning_and_its_end() -> None:
    text = cut(LONG)

    assert text.startswith("begins xx")
    assert text.endswith("xx ends")
    assert f"{len(LONG):,} characters" in text


def test_a_text_within_the_limit_is_kept_as_it_is() -> None:
    assert kept("x" * LIMIT) == "x" * LIMIT


def test_the_newest_failures_of_a_job_with_many_attempts_are_kept(settings: Settings) -> None:
    job = Verbose.enqueue(where="failed_softly", max_attempts=200)
    Job.objects.filter(pk=job.pk).update(attempt=150, errors=[{"attempt": n} for n in range(150)])

    job.refresh_from_db()
    job.run_here()

    job.refresh_from_db()
    assert [failure["attempt"] for failure in job.errors] == [*range(51, 150), 151]
