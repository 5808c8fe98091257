"""The page of a job in a real browser: followed live, strict, on a phone, from the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry
from tests.apps.testapp.jobs import Raising, SlowlyTelling, Typed, leave_trace
from tests.support.browsing import (
    EVERY_LOOK,
    PHONE,
    complaints_of,
    is_wider_than_the_screen,
    let_scripts_run,
    press_tab_until,
    serious_faults,
    with_policy,
)
from tests.support.environment import Environment
from tests.support.job_status import until_status
from tests.support.rows import a_failure, a_job
from tests.support.worker_process import RunningWorker

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)

WORD = "a_very_long_word_" * 11
ROOTS = ("/admin/pgjobs/job/", "/jobs/jobs/")


def an_eventful_job() -> Job:
    """Return a failed job with a value in each part of the page."""
    job = a_job(
        "errored",
        job_class=Typed.path,
        attempt=2,
        error=WORD,
        errors=[a_failure(attempt=n, message=WORD, traceback=WORD * 20) for n in (1, 2)],
        kwargs={"text": WORD, "options": {WORD: [WORD]}},
        result=WORD,
        data={"text": WORD},
    )
    for level in ("debug", "info", "warning", "error"):
        JobLogEntry.objects.create(
            job=job, attempt=2, timestamp=timezone.now(), level=level, message=f"{level} {WORD}"
        )
    return job


def addresses(job: Job) -> list[str]:
    in_admin, alone = (f"{root}{job.pk}/" for root in ROOTS)
    pages = [f"{root}{name}/" for root in (in_admin, alone) for name in ("delete", "rerun")]
    forms = [f"{root}enqueue/{Typed.path}/" for root in ("/admin/pgjobs/job/", "/jobs/")]
    return [f"{in_admin}change/", alone, *pages, *forms, "/jobs/enqueue/"]


def test_no_page_breaks_a_strict_policy(page: Page) -> None:
    complaints = complaints_of(page)
    page.route("**/*", with_policy)
    for address in addresses(an_eventful_job()):
        page.goto(address)
        let_scripts_run(page)
        assert complaints == [], address


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_page_is_wider_than_a_phone(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    for address in addresses(an_eventful_job()):
        page.goto(address)
        assert not is_wider_than_the_screen(page), address


@pytest.mark.parametrize("theme", ["dark", "light"] if EVERY_LOOK else ["dark"])
def test_no_page_has_a_serious_fault_of_accessibility(page: Page, theme: str) -> None:
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    for address in addresses(an_eventful_job()):
        page.goto(address)
        assert serious_faults(page) == [], address


def test_a_running_job_is_followed_to_its_end(page: Page, child_environment: Environment) -> None:
    job = SlowlyTelling.enqueue()
    with RunningWorker(child_environment, "default"):
        until_status(job, "running")
        page.goto(job.get_absolute_url())
        page.get_by_text("line 30", exact=True).wait_for()
        follow = page.locator("#pgj-follow")
        assert follow.evaluate("box => box.scrollTop") == 0  # reversed: this is its end
        assert "Stop" in page.inner_text(".pgj-job-head")
        leave_trace("release")
        page.locator(".pgj-job-status").get_by_text("Completed").wait_for()
        page.get_by_role("button", name="Retry").wait_for()


def test_a_reader_who_has_scrolled_up_stays_there(
    page: Page, child_environment: Environment
) -> None:
    job = SlowlyTelling.enqueue()
    JobLogEntry.objects.bulk_create(
        JobLogEntry(job=job, attempt=1, timestamp=timezone.now(), level="info", message=f"old {n}")
        for n in range(200)
    )
    with RunningWorker(child_environment, "default"):
        until_status(job, "running")
        page.goto(job.get_absolute_url())
        page.locator("#pgj-follow").evaluate("box => box.scrollTo(0, -2000)")
        page.get_by_text("line 20", exact=True).wait_for(state="attached")
        assert page.locator("#pgj-follow").evaluate("box => box.scrollTop") < -1000
        page.get_by_role("button", name="Newest line").click()
        page.wait_for_function("document.querySelector('#pgj-follow').scrollTop === 0")
        leave_trace("release")


def test_a_job_goes_from_its_failure_to_a_run_with_other_arguments(
    page: Page, child_environment: Environment
) -> None:
    job = a_job("failed", job_class=Typed.path, kwargs={"text": "wrong"})
    with RunningWorker(child_environment, "default"):
        page.goto(job.get_absolute_url())
        page.get_by_role("link", name="Run again with").click()
        page.get_by_label("text").fill("right")
        page.get_by_role("button", name="Run again").click()
        page.locator(".pgj-job-status").get_by_text("Completed").wait_for()
    new = Job.objects.exclude(pk=job.pk).get()
    assert new.kwargs == {"text": "right"}
    assert f"#{job.pk}" in page.inner_text("#chain")


def test_the_traceback_of_a_real_failure_has_frames_of_the_project_alone(
    page: Page, child_environment: Environment
) -> None:
    job = Raising.enqueue(message="no such file")
    with RunningWorker(child_environment, "default"):
        until_status(job, "errored")
    page.goto(job.get_absolute_url())
    own = page.inner_text("#traceback-1")
    assert "testapp/jobs.py" in own
    assert "execution" not in own
    page.get_by_text("Whole traceback").click()
    assert "execution" in page.inner_text("#whole-1")


def test_levels_are_chosen_by_chips_without_scripts(page: Page) -> None:
    from playwright.sync_api import expect

    page.route("**/*.js", lambda route: route.abort())
    page.goto(an_eventful_job().get_absolute_url())
    page.locator("a.pgj-level-chip", has_text="error").click()
    page.wait_for_url("**level=error**")
    lines = page.locator("#pgj-follow tr")
    expect(lines).to_have_count(1)
    page.locator("a.pgj-level-chip", has_text="warning").click()
    expect(lines).to_have_count(2)
    page.locator("a.pgj-level-chip", has_text="error").click()
    page.wait_for_url(lambda url: "level=error" not in url)
    page.locator("a.pgj-level-chip", has_text="warning").click()
    expect(lines).to_have_count(4)


def test_the_log_is_downloaded_as_text(page: Page) -> None:
    job = an_eventful_job()
    page.goto(job.get_absolute_url())
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    assert download.value.suggested_filename == f"job-{job.pk}.log"
    assert download.value.path().read_text().count(WORD) == 4


def test_a_job_is_retried_and_cancelled_from_the_keyboard(page: Page) -> None:
    job = a_job("failed")
    page.goto(job.get_absolute_url())
    page.keyboard.press("r")
    page.keyboard.press("Enter")
    page.get_by_text("The job will run again.").wait_for()
    press_tab_until(page, ".pgj-job-head button.pgj-danger")
    page.keyboard.press("Enter")
    page.get_by_text("The job was cancelled.").wait_for()
    until_status(job, "cancelled")


def test_an_open_attempt_stays_open_while_the_page_is_live(page: Page) -> None:
    job = a_job("running", attempt=3, errors=[a_failure(attempt=n) for n in (1, 2)])
    page.goto(job.get_absolute_url())
    page.locator("#attempt-1 > summary").click()
    with page.expect_response(lambda response: "change" in response.url):
        pass
    let_scripts_run(page)
    assert page.locator("#attempt-1").get_attribute("open") is not None


def test_a_job_is_deleted_after_a_confirmation(page: Page) -> None:
    job = an_eventful_job()
    page.goto(job.get_absolute_url())
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name=f"Delete job {job.pk}").click()
    page.get_by_text("was deleted with its log.").wait_for()
    assert not Job.objects.exists()
