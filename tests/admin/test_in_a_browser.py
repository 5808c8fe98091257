"""Hostile and long texts on the pages in the admin, in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry, Schedule
from tests.apps.testapp.jobs import AboutObject
from tests.apps.testapp.models import Site
from tests.support.browsing import (
    HOSTILE,
    PHONE,
    is_wider_than_the_screen,
    let_scripts_run,
)
from tests.support.moments import ago
from tests.support.rows import a_failure, a_job, a_worker
from tests.support.staff import LIST

if TYPE_CHECKING:
    from playwright.sync_api import Page

# The address of "job" is known once a job exists.
PAGES = ("job", "/admin/pgjobs/schedule/", "/admin/pgjobs/workerprocess/")

pytestmark = pytest.mark.django_db(transaction=True)


def an_eventful_job(text: str = "boom", **columns: Any) -> Job:
    """Return a failed job with a value in every field that a page shows."""
    job = a_job(
        "errored",
        name=text,
        error=text,
        errors=[a_failure(message=text, exception=text, traceback=text * 20)],
        kwargs={text: text},
        result=text,
        data={"text": text},
        progress={"done": 2, "total": 4, "message": text},
        worker=a_worker(name=text, has_session_lock=False),
        user=User.objects.create(username=text[:150]),
        object_type=None,
        **columns,
    )
    for level in ("debug", "info", "warning", "error", text[:20]):
        JobLogEntry.objects.create(job=job, timestamp=timezone.now(), level=level, message=text)
    return job


# Harmless ------------------------------------------------------------------------------


def test_text_written_by_a_job_is_shown_and_never_run_as_a_script(page: Page) -> None:
    site = Site.objects.create(name=HOSTILE[:100])
    job = an_eventful_job(HOSTILE)
    Schedule.objects.create(job_class=HOSTILE, interval=1, next_run=ago(hours=1), last_job=job)
    Job.objects.filter(pk=job.pk).update(job_class=HOSTILE, queue_name=HOSTILE)
    AboutObject.enqueue(site)
    for address in (
        job.get_absolute_url(),
        f"{LIST}{job.pk}/delete/",
        "/admin/pgjobs/schedule/",
        "/admin/pgjobs/workerprocess/",
    ):
        page.goto(address)
        let_scripts_run(page)
        assert "<script>window.harmed" in page.inner_text("body"), address
        assert page.evaluate("window.harmed") is None, address


# Readable ------------------------------------------------------------------------------


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_no_wider_than_a_phone(page: Page, address: str) -> None:
    job = an_eventful_job("a_very_long_word_" * 11)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(job.get_absolute_url() if address == "job" else address)
    assert not is_wider_than_the_screen(page)
