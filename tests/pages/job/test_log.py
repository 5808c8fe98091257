"""The log of a job: its last lines, the filters by address, and the whole as text."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry
from pgjobs.pages.job import log
from tests.support.browsing import HOSTILE
from tests.support.rows import a_job
from tests.support.staff import shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def looking() -> Client:
    return signed_in("view_job")


def write(job: Job, *messages: str, level: str = "info", attempt: int = 1) -> None:
    JobLogEntry.objects.bulk_create(
        JobLogEntry(
            job=job, attempt=attempt, timestamp=timezone.now(), level=level, message=message
        )
        for message in messages
    )


def page_with(client: Client, job: Job, **query: Any) -> str:
    response = client.get(job.get_absolute_url(), query)
    assert response.status_code == 200
    return response.content.decode()


def downloaded(client: Client, job: Job, **query: Any) -> str:
    response: Any = client.get(f"/admin/pgjobs/job/{job.pk}/log.txt", query)
    assert response.status_code == 200
    return b"".join(response.streaming_content).decode()


def test_the_lines_stand_in_their_order_with_their_levels(looking: Client) -> None:
    job = a_job("running")
    write(job, "first")
    write(job, "second", level="warning")
    html = page_with(looking, job)
    assert html.index("first") < html.index("second")
    assert 'class="pgj-joblog-line pgj-yellow"' in html


def test_a_long_log_is_cut_and_says_so(looking: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "SHOWN", 3)
    job = a_job("running")
    write(job, *(f"line {n}." for n in range(5)))
    html = page_with(looking, job)
    assert "The last 3 lines of 5" in html
    assert "line 2." in html
    assert "line 1." not in html
    monkeypatch.setattr(log, "COUNTED", 4)
    assert "The last 3 lines of more than 4" in page_with(looking, job)


def test_levels_are_chosen_by_the_address(looking: Client) -> None:
    job = a_job("running")
    write(job, "an info line")
    write(job, "a bad line", level="error")
    html = page_with(looking, job, level="error")
    assert "a bad line" in html
    assert "an info line" not in html
    both = page_with(looking, job, level=["error", "info"])
    assert "a bad line" in both
    assert "an info line" in both


def test_the_log_is_searched_without_regard_to_case(looking: Client) -> None:
    job = a_job("running")
    write(job, "The Disk is low", "100% of it")
    assert "The Disk is low" in page_with(looking, job, text="disk")
    assert "100% of it" not in page_with(looking, job, text="disk")
    assert "The Disk is low" not in page_with(looking, job, text="%")
    assert "No line of the log passes this filter." in page_with(looking, job, text="none")


def test_one_attempt_of_the_log_is_chosen_by_the_address(looking: Client) -> None:
    moment = timezone.now().isoformat()
    entry = {"attempt": 1, "exception": "a.B", "started": moment, "ended": moment}
    job = a_job("scheduled", attempt=2, errors=[entry, {**entry, "attempt": 2}])
    write(job, "of the first", attempt=1)
    write(job, "of the second", attempt=2)
    log_part = page_with(looking, job, attempt=2).partition('id="log"')[2]
    assert "of the second" in log_part
    assert "of the first" not in log_part


@pytest.mark.parametrize(
    "query",
    [
        {"level": "\0"},
        {"text": "\0"},
        {"attempt": "x"},
        {"attempt": "9" * 4301},
        {"attempt": "7"},
        {"level": ["x"] * 500},
        {"text": "x" * 10_000},
        {"text": HOSTILE, "level": HOSTILE},
    ],
)
def test_an_odd_filter_breaks_no_page(query: Any, looking: Client) -> None:
    job = a_job("running")
    write(job, HOSTILE, level=HOSTILE[:20])
    assert "<script>window" not in page_with(looking, job, **query)
    downloaded(looking, job, **query)


def test_the_download_has_the_whole_log(looking: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "SHOWN", 3)
    job = a_job("running")
    write(job, *(f"line {n} {'x' * log.LONGEST} end" for n in range(5)))
    text = downloaded(looking, job)
    assert text.count(" [1] INFO line ") == text.count(" end\n") == 5
    response = looking.get(f"/jobs/jobs/{job.pk}/log.txt")
    assert response["Content-Disposition"] == f'attachment; filename="job-{job.pk}.log"'
    assert response["Content-Type"].startswith("text/plain")


def test_the_download_can_be_filtered(looking: Client) -> None:
    job = a_job("running")
    write(job, "one")
    write(job, "two", level="error")
    assert "one" not in downloaded(looking, job, level="error")


def test_a_line_of_any_length_is_cut_on_the_page(looking: Client) -> None:
    job = a_job("running")
    write(job, "y" * 100_000, "z\n" * 50_000)
    html = page_with(looking, job)
    assert len(html) < 100_000
    assert "100,000 characters" in html


def test_a_job_that_waits_says_when_its_log_begins(looking: Client) -> None:
    assert "The log begins when the job runs." in shown(looking, a_job().get_absolute_url())
