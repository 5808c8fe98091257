"""The attempts of a job: each once, with a name of its own, its traceback and its lines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry
from pgjobs.pages.job.attempts import attempts_of, lines_of, share_lines
from pgjobs.pages.job.tracebacks import Traceback, last_line
from tests.support.rows import a_failure, a_job
from tests.support.staff import LIST, page, signed_in

NOW = timezone.now()


def failed(number: int, minutes_ago: float) -> dict[str, Any]:
    start = NOW - timedelta(minutes=minutes_ago)
    end = start + timedelta(seconds=5)
    return a_failure(attempt=number, started=start.isoformat(), ended=end.isoformat())


def moment_of(entry: dict[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(entry[name])


def a_row(status: str, attempt: int, *entries: dict[str, Any], **columns: Any) -> Job:
    return Job(
        pk=1, status=status, attempt=attempt, errors=list(entries), job_class="a.B", **columns
    )


def names(job: Job) -> list[str]:
    return [each.name for each in attempts_of(job)]


def test_an_errored_job_shows_its_last_attempt_once() -> None:
    one, two = failed(1, 9), failed(2, 5)
    job = a_row(
        "errored",
        2,
        one,
        two,
        started=moment_of(two, "started"),
        completed=moment_of(two, "ended"),
    )
    assert names(job) == ["Attempt 1", "Attempt 2"]
    assert attempts_of(job)[1].status == "errored"


def test_a_retried_job_tells_the_attempts_before_the_retry_apart() -> None:
    one, two, again = failed(1, 9), failed(2, 7), failed(1, 3)
    waiting = a_row("pending", 0, one, two)
    assert names(waiting) == ["Attempt 1 (before the retry)", "Attempt 2 (before the retry)"]
    running = a_row("running", 1, one, two, started=NOW)
    assert names(running)[-1] == "Attempt 1"
    assert len(set(names(running))) == 3
    thrice = a_row("completed", 1, one, again, started=NOW, completed=NOW)
    assert names(thrice) == [
        "Attempt 1 (before retry 1)",
        "Attempt 1 (before retry 2)",
        "Attempt 1",
    ]


def test_a_job_that_waits_for_its_next_attempt_shows_the_failed_one() -> None:
    job = a_row("scheduled", 1, failed(1, 1), scheduled=NOW)
    assert names(job) == ["Attempt 1"]


def test_a_line_belongs_to_the_attempt_in_which_it_was_written() -> None:
    one, again = failed(1, 9), failed(1, 3)
    job = a_row("pending", 0, one, again)
    attempts = attempts_of(job)
    early, late = (
        JobLogEntry(attempt=1, timestamp=moment_of(each, "started") + timedelta(seconds=2))
        for each in (one, again)
    )
    before_all = JobLogEntry(attempt=1, timestamp=NOW - timedelta(hours=1))
    share_lines(attempts, [before_all, early, late])
    assert [each.lines for each in attempts] == [[early], [late]]


@pytest.mark.django_db
def test_the_log_of_an_attempt_is_found_by_its_time() -> None:
    one, again = failed(1, 9), failed(1, 3)
    job = a_job("pending", errors=[one, again])
    for entry in (one, again):
        JobLogEntry.objects.create(
            job=job, attempt=1, timestamp=moment_of(entry, "ended"), level="info", message="x"
        )
    attempts = attempts_of(job)
    found = [JobLogEntry.objects.filter(lines_of(each, attempts)).count() for each in attempts]
    assert found == [1, 1]


@pytest.mark.parametrize(
    "entry", [5, None, "text", [], {}, {"attempt": "x", "started": 7, "ended": "never"}]
)
def test_an_entry_that_sql_by_hand_wrote_is_an_attempt(entry: Any) -> None:
    job = a_row("errored", 1, entry, started=NOW, completed=NOW)
    assert len(attempts_of(job)) == 2
    assert all(each.name for each in attempts_of(job))


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["", "?attempt=1"])
@pytest.mark.parametrize("name", ["started", "ended"])
@pytest.mark.parametrize(
    "moment",
    ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-01-01T00:00:00+23:59"],
)
def test_a_moment_that_no_job_can_have_breaks_no_page(moment: str, name: str, query: str) -> None:
    job = a_job("errored", attempt=1, errors=[{"attempt": 1, "exception": "X", name: moment}])
    response = signed_in("view_job").get(f"{LIST}{job.pk}/change/{query}")
    assert response.status_code == 200


# Tracebacks ----------------------------------------------------------------------------

TRACEBACK = """Traceback (most recent call last):
  File "/srv/venv/lib/python3.12/site-packages/pgjobs/execution/attempt.py", line 9, in run
    return work()
           ^^^^^^
  File "/srv/app/jobs.py", line 48, in run
    raise ValueError("boom")
ValueError: boom
"""


def test_a_traceback_leaves_out_our_frames_alone() -> None:
    traceback = Traceback.of(TRACEBACK)
    assert traceback.left_out == 1
    assert "attempt.py" not in traceback.own
    assert "^^^^^^" not in traceback.own
    assert traceback.own.splitlines()[1] == '  File "/srv/app/jobs.py", line 48, in run'
    assert traceback.whole == TRACEBACK


def test_a_project_that_lies_below_a_folder_of_our_name_keeps_its_frames() -> None:
    own = TRACEBACK.replace("/srv/app/", "/srv/pgjobs/app/")
    assert Traceback.of(own).left_out == 1


def test_the_last_line_of_a_traceback_names_the_exception() -> None:
    assert last_line(TRACEBACK) == "ValueError: boom"


@pytest.mark.django_db
def test_a_page_shows_each_traceback_once_even_if_the_log_has_it() -> None:
    job = a_job("errored", attempt=1, error="boom", errors=[a_failure(traceback=TRACEBACK)])
    JobLogEntry.objects.create(job=job, attempt=1, timestamp=NOW, level="error", message=TRACEBACK)
    html = page(signed_in("view_job"), job)
    assert html.count("/srv/app/jobs.py") == 2  # without our frames, and the whole on demand
    assert "traceback above" in html
