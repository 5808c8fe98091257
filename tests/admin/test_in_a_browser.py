"""The admin in a real browser: harmless, readable, usable on a phone and from the keyboard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from pgjobs.choices import JobStatus
from pgjobs.models import Job, JobLogEntry, Schedule
from tests.apps.testapp.jobs import AboutObject
from tests.apps.testapp.models import Site
from tests.support.job_status import until_status
from tests.support.moments import ago
from tests.support.rows import a_failure, a_job, a_worker
from tests.support.staff import LIST

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

CHROMIUM = Path("/usr/bin/chromium")
IN_CI = bool(os.environ.get("CI"))
PHONE = {"width": 390, "height": 844}
# Stricter than any project's policy: no inline script or style, and no other site.
POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:"
HOSTILE = """<script>window.harmed = 1</script>"><img src=x onerror="window.harmed = 1">"""

# The address of "job" is known once a job exists.
PAGES = (LIST, "job", "/admin/pgjobs/schedule/", "/admin/pgjobs/workerprocess/")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not IN_CI:
        pytest.importorskip("playwright", reason="playwright is not installed")
        if not CHROMIUM.exists():
            pytest.skip(f"there is no {CHROMIUM}")
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright runs an event loop in this thread, and Django would refuse queries beside it.
        # None runs on it.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        with playwright.chromium.launch(executable_path=CHROMIUM, args=arguments) as browser:
            yield browser


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    """The page of a superuser who has signed in."""
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    with browser.new_context(base_url=live_server.url) as context:
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        context.add_cookies([{**cookie, "url": live_server.url}])  # type: ignore[typeddict-item]
        page = context.new_page()
        page.set_default_timeout(60_000)  # milliseconds; a crowded machine may need more than 30 s
        yield page


def with_policy(route: Route) -> None:
    if route.request.resource_type != "document":
        return route.fallback()
    response = route.fetch()
    headers = {**response.headers, "content-security-policy": POLICY}
    return route.fulfill(response=response, headers=headers)


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


def is_wider_than_the_screen(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth > window.innerWidth"))


# Harmless ------------------------------------------------------------------------------


def let_scripts_run(page: Page) -> None:
    """Wait until a loaded page has asked for nothing for half a second.

    Chromium does not always tell of this moment, so the wait has an end.
    """
    from playwright.sync_api import TimeoutError as TooLong

    with suppress(TooLong):
        page.wait_for_load_state("networkidle", timeout=5000)


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
        f"{LIST}{job.pk}/history/",
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

# The script paints two colours and reads them back, so that it understands any CSS notation.
CONTRAST = """
badges => {
    const pen = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const luminance = color => {
        pen.fillStyle = color;
        pen.fillRect(0, 0, 1, 1);
        const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map(value => {
            const part = value / 255;
            return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    return badges.map(badge => {
        const style = getComputedStyle(badge);
        const both = [luminance(style.color), luminance(style.backgroundColor)];
        return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
    });
}
"""


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


def press_tab_until(page: Page, selector: str) -> None:
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab does not reach {selector}")


def test_a_waiting_job_can_be_cancelled_from_the_keyboard(page: Page) -> None:
    job = a_job()
    page.goto(job.get_absolute_url())
    press_tab_until(page, ".pgjobs-verb button")
    page.keyboard.press("Enter")
    page.get_by_text("1 job was cancelled.").wait_for()
    until_status(job, "cancelled")


def test_a_finished_job_can_be_retried_by_its_button(page: Page) -> None:
    job = a_job("failed")
    page.goto(job.get_absolute_url())
    page.get_by_role("button", name="Retry").click()
    page.get_by_text("1 job will run again.").wait_for()
    job.refresh_from_db()
    assert job.status == "pending"


def test_selected_jobs_can_be_cancelled_from_the_list(page: Page) -> None:
    for _ in range(3):
        a_job()
    page.goto(LIST)
    page.get_by_label("Select all objects on this page for an action").check()
    page.get_by_label("Action:").select_option("cancel_jobs")
    page.locator("button[name=index]").click()
    page.get_by_text("3 jobs were cancelled.").wait_for()
    assert not Job.objects.waiting().exists()


def test_the_log_can_be_scrolled_from_the_keyboard(page: Page) -> None:
    page.goto(an_eventful_job().get_absolute_url())
    press_tab_until(page, ".pgjobs-log")
