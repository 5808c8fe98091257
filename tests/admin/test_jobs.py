"""Jobs in the admin: their list and the page of each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from pgjobs.admin.jobs import LOG_LINES
from pgjobs.models import JobLogEntry
from tests.support.rows import a_failure, a_job, a_worker
from tests.support.staff import page

pytestmark = pytest.mark.django_db


# The page of a job ---------------------------------------------------------------------


def test_a_page_shows_arguments_result_and_data(looking: Client) -> None:
    job = a_job("completed", kwargs={"full": True}, result={"files": 7}, data=["käse"])
    html = page(looking, job)
    for part in ("&quot;full&quot;: true", "&quot;files&quot;: 7", "käse"):
        assert part in html


def test_a_page_shows_the_log_with_the_colour_of_each_level(looking: Client) -> None:
    job = a_job("running")
    JobLogEntry.objects.create(
        job=job, timestamp=timezone.now(), level="warning", message="disk is low"
    )
    html = page(looking, job)
    assert '<span class="pgjobs-badge pgjobs-yellow">warning</span>' in html
    assert "disk is low" in html


def test_a_page_of_a_job_with_a_long_log_shows_the_last_lines(looking: Client) -> None:
    job = a_job("running")
    JobLogEntry.objects.bulk_create(
        JobLogEntry(job=job, timestamp=timezone.now(), level="info", message=f"line {n}.")
        for n in range(LOG_LINES + 1)
    )
    html = page(looking, job)
    assert f"line {LOG_LINES}." in html
    assert "line 0." not in html
    assert f"The last {LOG_LINES} lines are shown." in html


def test_a_page_shows_the_traceback_of_each_failed_attempt(looking: Client) -> None:
    failures = [a_failure(attempt=n, traceback=f"traceback of try {n}") for n in (1, 2)]
    html = page(looking, a_job("errored", error="boom", errors=failures))
    assert "traceback of try 1" in html
    assert "traceback of try 2" in html


def test_a_page_shows_progress_as_a_bar(looking: Client) -> None:
    job = a_job("running", progress={"done": 1, "total": 4, "message": "reading"})
    html = page(looking, job)
    assert 'max="100" value="25"' in html
    assert "reading" in html


def test_a_page_links_to_user_worker_and_schedule(looking: Client) -> None:
    user, worker = User.objects.get(), a_worker()
    html = page(looking, a_job("running", user=user, worker=worker))
    assert reverse("admin:auth_user_change", args=[user.pk]) in html
    assert reverse("admin:pgjobs_workerprocess_change", args=[worker.pk]) in html


def test_a_page_of_a_running_job_that_was_cancelled_says_that_it_was_told_to_stop(
    looking: Client,
) -> None:
    job = a_job("running")
    job.cancel()
    assert "told to stop" in page(looking, job)


def test_a_page_of_a_job_whose_worker_was_pruned_is_shown(looking: Client) -> None:
    assert "Noop" in page(looking, a_job("completed", worker_id=987654))


def test_a_page_of_a_late_job_says_how_late_the_job_is(looking: Client) -> None:
    job = a_job(scheduled=timezone.now() - timedelta(hours=2, minutes=5))
    assert "2 h 5 min" in page(looking, job)
