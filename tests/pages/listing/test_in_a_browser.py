"""The list in a real browser: harmless, readable, live, usable from the keyboard and on a phone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from pgjobs.choices import JobStatus
from pgjobs.models import Job, JournalEntry, Pause
from tests.apps.testapp.models import Site
from tests.support.browsing import (
    CONTRAST,
    EVERY_LOOK,
    HOSTILE,
    complaints_of,
    is_wider_than_the_screen,
    let_scripts_run,
    press_tab_until,
    serious_faults,
    with_policy,
)
from tests.support.rows import a_job, a_worker
from tests.support.staff import LIST

if TYPE_CHECKING:
    from playwright.sync_api import Page

PLACES = (LIST, "/jobs/jobs/")

pytestmark = pytest.mark.django_db(transaction=True)


def an_eventful_list(text: str = "boom") -> list[Job]:
    """Return jobs of all statuses, with a value in each cell."""
    site = Site.objects.create(name=text[:100])
    Pause.objects.pause(queue="low")
    a_worker(name=text[:100], has_session_lock=False)
    jobs = [
        a_job(
            status,
            name=text[:200],
            error=f"{text}\nmore" if status in ("errored", "failed", "scheduled") else "",
            object=site,
            attempt=1,
            queue_name=queue,
            progress={"done": 1, "total": 2, "message": text},
        )
        for status in JobStatus
        for queue in ("default", "low", "x" * 100)
    ]
    a_job("completed", kwargs={text: text}, job_class=text[:200])
    return jobs


def is_live(page: Page) -> None:
    """Ask for the live part now, as the page itself does every few seconds."""
    with page.expect_response(lambda response: "/job" in response.url):
        page.evaluate("htmx.trigger('#pgj-live', 'pgjobs:refresh')")
    let_scripts_run(page)


@pytest.mark.parametrize("root", PLACES)
def test_a_strict_policy_stops_nothing_of_the_list(page: Page, root: str) -> None:
    complaints = complaints_of(page)
    page.route("**/*", with_policy)
    an_eventful_list()
    for address in (
        root,
        f"{root}?q=colour:red",
        f"{root}?q=status:errored,failed",
        f"{root}confirm/?verb=retry&id=all&q=status:failed",
    ):
        page.goto(address)
        let_scripts_run(page)
        for summary in page.locator(".pgj-menu summary").all():
            summary.click()
    page.goto(root)
    page.locator("tbody input[name=id]").first.check()
    assert page.locator(".pgj-bulk").is_visible()
    assert complaints == []


def test_text_written_by_a_job_is_shown_and_never_run_as_a_script(page: Page) -> None:
    an_eventful_list(HOSTILE)
    for address in (
        LIST,
        f"{LIST}?q={HOSTILE}",
        f"{LIST}confirm/?verb=retry&id=all&q=status:failed",
    ):
        page.goto(address)
        let_scripts_run(page)
        assert "<script>window.harmed" in page.inner_text("body"), address
        assert page.evaluate("window.harmed") is None, address


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("root", PLACES)
def test_every_status_has_a_colour_with_enough_contrast(page: Page, root: str, theme: Any) -> None:
    for status in JobStatus:
        a_job(status)
    page.emulate_media(color_scheme=theme)
    page.goto(root)
    contrasts = page.eval_on_selector_all(".pgj-badge", CONTRAST)
    assert len(contrasts) == len(JobStatus)
    assert min(contrasts) >= 4.5  # WCAG AA


LOOKS = [(PLACES[0], "dark"), (PLACES[1], "light")]


@pytest.mark.parametrize(("root", "theme"), LOOKS if EVERY_LOOK else LOOKS[:1])
def test_the_list_has_no_serious_fault_of_accessibility(page: Page, root: str, theme: Any) -> None:
    an_eventful_list()
    page.emulate_media(color_scheme=theme)
    for address in (
        root,
        f"{root}?q=status:errored+colour:red",
        f"{root}confirm/?verb=cancel&id=1",
    ):
        page.goto(address)
        let_scripts_run(page)
        for summary in page.locator(".pgj-menu summary").all():
            summary.click()
            assert serious_faults(page) == [], address
    page.goto(root)
    page.locator("tbody input[name=id]").first.check()
    assert serious_faults(page) == []


@pytest.mark.parametrize("width", [390, 768, 1280])
@pytest.mark.parametrize("root", PLACES)
def test_nothing_is_cut_off_at_any_width(page: Page, root: str, width: int) -> None:
    an_eventful_list("a_very_long_word_" * 11)
    page.set_viewport_size({"width": width, "height": 844})
    for address in (root, f"{root}?q=status:errored+{'x' * 90}", f"{root}confirm/?verb=retry&id=1"):
        page.goto(address)
        assert not is_wider_than_the_screen(page), address
    page.goto(root)
    ends = page.eval_on_selector_all(
        ".pgj-jobs tbody td", "cells => cells.map(cell => cell.getBoundingClientRect().right)"
    )
    assert len(ends) > 100
    assert max(ends) <= width
    for part in (".pgj-name a", ".pgj-queue span"):
        widths = page.eval_on_selector_all(
            f".pgj-jobs tbody {part}",
            "parts => parts.map(part => part.getBoundingClientRect().width)",
        )
        assert min(widths) > 40, part


def test_a_waiting_job_of_a_paused_queue_does_not_look_like_one_that_starts_soon(
    page: Page,
) -> None:
    a_worker(queues=["default", "low"], has_session_lock=False)
    paused, soon = a_job(queue_name="low"), a_job()
    Pause.objects.pause(queue="low")
    page.goto(LIST)
    colour = "badge => getComputedStyle(badge).backgroundColor"
    colours = [page.locator(f"#job-{job.pk} .pgj-badge").evaluate(colour) for job in (paused, soon)]
    assert colours[0] != colours[1]
    assert "paused queue" in page.inner_text(f"#job-{paused.pk}")


def test_jobs_are_found_selected_and_retried_by_the_keyboard_alone(page: Page) -> None:
    jobs = [a_job("failed", name=f"Job {number}") for number in range(3)]
    a_job("completed")
    page.goto(LIST)
    page.keyboard.press("/")
    page.keyboard.type("status:failed")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=status%3Afailed")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.id") == f"job-{jobs[1].pk}"
    page.keyboard.press("x")
    page.keyboard.press("k")
    page.keyboard.press("x")
    page.get_by_role("button", name="Retry 2 jobs").wait_for()
    page.keyboard.press("r")
    page.wait_for_url("**/confirm/**")
    page.keyboard.press("Enter")
    page.get_by_text("2 jobs will run again.").wait_for()
    assert set(Job.objects.filter(status="pending")) == set(jobs[1:])


def test_enter_opens_the_job_that_has_the_focus(page: Page) -> None:
    job = a_job()
    page.goto(LIST)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/{job.pk}/change/")


@pytest.mark.parametrize("selector", ["#pgj-add", "tbody input[name=id]", ".pgj-failure summary"])
def test_tab_reaches_the_parts_of_the_list(page: Page, selector: str) -> None:
    a_job("failed", error="one\ntwo")
    page.goto("/jobs/jobs/")
    press_tab_until(page, selector)


def test_all_that_match_are_cancelled_after_one_confirmation(page: Page) -> None:
    for _ in range(3):
        a_job()
    kept = a_job(queue_name="low")
    page.goto(f"{LIST}?q=queue:default")
    page.get_by_label("select all 3").check()
    page.get_by_role("button", name="Cancel 3 jobs").click()
    page.get_by_role("button", name="Cancel 3 jobs").click()
    page.get_by_text("Cancelled, or told to stop: 3 jobs.").wait_for()
    assert list(Job.objects.waiting()) == [kept]
    assert JournalEntry.objects.get().what["filter"].keys() == {"queue", "before"}


def test_the_list_works_without_javascript(page: Page) -> None:
    jobs = [a_job("failed"), a_job("failed", queue_name="low")]
    with page.context.browser.new_context(  # type: ignore[union-attr]
        java_script_enabled=False, storage_state=page.context.storage_state()
    ) as context:
        plain = context.new_page()
        page.goto(LIST)
        plain.goto(page.url)
        plain.locator(".pgj-menu summary", has_text="Filters").click()
        plain.locator("select[name=queue]").select_option("low")
        plain.get_by_role("button", name="Apply").click()
        plain.wait_for_url("**q=queue%3Alow")
        plain.locator("tbody input[name=id]").check()
        plain.get_by_role("button", name="Retry…").click()
        plain.get_by_role("button", name="Retry 1 job").click()
        plain.get_by_text("1 job will run again.").wait_for()
        plain.get_by_label("Remove queue:low").click()
        plain.locator(f"#job-{jobs[0].pk}").wait_for()
    assert set(Job.objects.filter(status="pending")) == {jobs[1]}


def test_a_live_look_changes_rows_in_place_and_moves_none(page: Page) -> None:
    job = a_job()
    page.goto(LIST)
    row = page.locator(f"#job-{job.pk}")
    page.keyboard.press("j")
    place = row.bounding_box()
    Job.objects.filter(pk=job.pk).cancel()
    newer = a_job()
    is_live(page)
    row.get_by_text("Cancelled").wait_for()
    assert row.bounding_box() == place
    assert page.evaluate("document.activeElement.id") == f"job-{job.pk}"
    assert page.locator(f"#job-{newer.pk}").count() == 0
    page.get_by_text("newest").first.click()
    page.locator(f"#job-{newer.pk}").wait_for()


def test_a_live_look_keeps_the_selection_and_the_open_error(page: Page) -> None:
    jobs = [a_job("failed", error=f"one\nsecond line of {n}") for n in range(3)]
    page.goto(LIST)
    opened = page.locator(f"#job-{jobs[0].pk} .pgj-failure")
    opened.locator("summary").click()
    page.get_by_text("second line of 0").wait_for()
    is_live(page)
    assert page.get_by_text("second line of 0").is_visible()

    box = page.locator(f"#job-{jobs[1].pk} input[name=id]")
    box.check()
    is_live(page)
    assert box.is_checked()
    assert page.locator(".pgj-bulk").is_visible()


def test_the_filter_is_copied_as_a_command(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{LIST}?q=status:failed")
    page.locator("summary", has_text="Copy filter").click()
    page.get_by_role("button", name="Copy").nth(1).click()
    page.get_by_text("Copied").wait_for()
    said = page.evaluate("navigator.clipboard.readText()")
    assert re.fullmatch(r"manage.py pgjobs list --status=failed", said)


def test_a_view_is_saved_renamed_and_deleted(page: Page) -> None:
    page.goto(f"{LIST}?q=status:failed+queue:low")
    page.locator("summary", has_text="Save view").click()
    page.get_by_label("Name of the view").fill("Low failures")
    page.get_by_role("button", name="Save").click()
    page.locator(".pgj-views a[aria-current]", has_text="Low failures").wait_for()
    page.locator("summary", has_text="Edit view").click()
    page.get_by_role("button", name="Delete view").click()
    page.locator("summary", has_text="Save view").wait_for()
    assert page.get_by_text("Low failures").count() == 0
