"""The admin in a real browser: harmless, readable, usable on a phone and from the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from pgjobs.choices import JobStatus
from pgjobs.models import Job, JobLogEntry, Schedule
from tests.apps.testapp.jobs import AboutObject
from tests.apps.testapp.models import Site
from tests.support.browsing import (
    CONTRAST,
    HOSTILE,
    PHONE,
    is_wider_than_the_screen,
    let_scripts_run,
    with_policy,
)
from tests.support.moments import ago
from tests.support.rows import a_failure, a_job, a_worker
from tests.support.staff import LIST

if TYPE_CHECKING:
    from playwright.sync_api import Page

# The address of "job" is known once a job exists.
PAGES = (LIST, "job", "/admin/pgjobs/schedule/", "/admin/pgjobs/workerprocess/")

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
        LIST,
        f"{LIST}?job_class={HOSTILE}&queue_name={HOSTILE}",
        job.get_absolute_url(),
        f"{LIST}{job.pk}/delete/",
        "/admin/pgjobs/schedule/",
        "/admin/pgjobs/workerprocess/",
    ):
        page.goto(address)
        let_scripts_run(page)
        assert "<script>window.harmed" in page.inner_text("body"), address
        assert page.evaluate("window.harmed") is None, address


@pytest.mark.parametrize("address", PAGES)
def test_no_page_needs_inline_scripts_or_styles(page: Page, address: str) -> None:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda said: complaints.extend([said.text] * (said.type == "error")))
    page.route("**/*", with_policy)
    job = an_eventful_job()
    page.goto(job.get_absolute_url() if address == "job" else address)
    let_scripts_run(page)
    assert complaints == []


# Readable ------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_status_has_enough_contrast_in_both_themes(page: Page, theme: Any) -> None:
    for status in JobStatus:
        a_job(status)
    page.emulate_media(color_scheme=theme)
    page.goto(LIST)
    contrasts = page.eval_on_selector_all(".pgjobs-badge", CONTRAST)
    assert len(contrasts) == len(JobStatus)
    assert min(contrasts) >= 4.5  # WCAG AA


def test_each_status_colour_is_shown_as_a_colour_of_its_own(page: Page) -> None:
    for status in JobStatus:
        a_job(status)
    page.goto(LIST)
    colors = page.eval_on_selector_all(
        ".pgjobs-badge", "badges => badges.map(badge => getComputedStyle(badge).backgroundColor)"
    )
    assert len(set(colors)) == len({status.color for status in JobStatus})


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_no_wider_than_a_phone(page: Page, address: str) -> None:
    job = an_eventful_job("a_very_long_word_" * 11)
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.goto(job.get_absolute_url() if address == "job" else address)
    assert not is_wider_than_the_screen(page)


# Usable --------------------------------------------------------------------------------


def test_selected_jobs_can_be_cancelled_from_the_list(page: Page) -> None:
    for _ in range(3):
        a_job()
    page.goto(LIST)
    page.get_by_label("Select all objects on this page for an action").check()
    page.get_by_label("Action:").select_option("cancel_jobs")
    page.locator("button[name=index]").click()
    page.get_by_text("3 jobs were cancelled.").wait_for()
    assert not Job.objects.waiting().exists()
