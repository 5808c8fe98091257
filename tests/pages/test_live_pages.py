"""The overview and its pages in a real browser, beside a live worker."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pgjobs.models import Job, JournalEntry, Pause
from pgjobs.pages.failures import actions
from tests.apps.testapp.jobs import Noop, Raising, Tracing
from tests.support.browsing import complaints_of, let_scripts_run, press_tab_until, with_policy
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.pages import at, forget_examinations
from tests.support.rows import a_failure, a_job
from tests.support.sql import query
from tests.support.worker_process import RunningWorker

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_examination(monkeypatch: pytest.MonkeyPatch) -> None:
    forget_examinations(monkeypatch)


def row(page: Page, queue: str) -> Locator:
    """Return the line of a queue."""
    name = page.get_by_role("link", name=queue, exact=True)
    return page.locator(".pgj-queues tbody tr").filter(has=name)


def until_text(found: Locator, text: str) -> None:
    found.filter(has_text=text).first.wait_for()


def test_counts_move_with_a_live_worker_and_without_a_reload(
    page: Page, child_environment: Environment
) -> None:
    complaints = complaints_of(page)
    page.route("**/*", with_policy)
    page.goto(at("overview"))
    page.evaluate("window.isTheSamePage = true")
    jobs = [Noop.enqueue(queue_name="low") for _ in range(3)]
    until_text(row(page, "low").locator("td").nth(1), "3")
    with RunningWorker(child_environment, "low"):
        until_status(jobs[-1], "completed")
        page.get_by_text("3 ended").wait_for()
        eventually(lambda: row(page, "low").locator("td").nth(1).inner_text() == "0")
    assert page.evaluate("window.isTheSamePage")
    assert complaints == []


def test_a_running_job_appears_and_leaves(page: Page, child_environment: Environment) -> None:
    page.goto(at("overview"))
    with RunningWorker(child_environment):
        job = Tracing.enqueue(seconds=60)
        page.locator(f"#running-{job.pk}").wait_for()
        job.cancel()
        page.locator(f"#running-{job.pk}").wait_for(state="detached")


def test_a_paused_queue_holds_its_jobs_until_it_is_resumed(
    page: Page, child_environment: Environment
) -> None:
    page.route("**/*", with_policy)
    page.goto(at("queues"))
    with RunningWorker(child_environment):
        row(page, "low").get_by_role("button", name="Pause").click()
        page.get_by_text("low is paused.").wait_for()
        held, other = Noop.enqueue(queue_name="low"), Noop.enqueue(queue_name="default")
        until_status(other, "completed")
        held.refresh_from_db()
        assert held.status == "pending"
        row(page, "low").get_by_role("button", name="Resume").click()
        page.get_by_text("low is resumed.").wait_for()
        until_status(held, "completed")
    verbs = list(JournalEntry.objects.order_by("pk").values_list("who", "verb", "subject"))
    assert verbs == [("root", "pause", "low"), ("root", "resume", "low")]


def test_the_live_switch_holds_the_page_still(page: Page) -> None:
    page.clock.install()
    page.goto(at("overview"))
    page.get_by_role("button", name="Live").click()
    let_scripts_run(page)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    Noop.enqueue(queue_name="low")
    page.clock.run_for(120_000)  # milliseconds by the clock of the page alone
    assert asked == []
    page.get_by_role("button", name="Paused").click()
    page.clock.run_for(10_000)
    until_text(row(page, "low").locator("td").nth(1), "1")


def test_the_failures_of_a_kind_are_retried_from_the_overview_and_journalled(
    page: Page, child_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.route("**/*", with_policy)
    monkeypatch.setattr(actions, "BATCH", 1)  # so that the worker carries the action out
    with RunningWorker(child_environment) as worker:
        jobs = [Raising.enqueue(message="boom") for _ in range(4)]
        for job in jobs:
            until_status(job, "errored")
        Pause.objects.pause(queue="default")
        page.goto(at("overview"))
        page.get_by_role("link", name="Retry all 4").click()
        button = page.get_by_role("button", name="Retry 4 jobs")
        button.wait_for()
        assert page.locator(".pgj-lines-of-jobs tbody tr").count() == 3
        button.click()
        page.get_by_text("The workers carry the action out, on 4 jobs.").wait_for()
        page.get_by_text("done", exact=True).wait_for()
        assert "4 of 4 changed" in " ".join(page.locator(".pgj-answer").inner_text().split())
        assert worker.process.poll() is None
    assert set(Job.objects.values_list("status", flat=True)) == {"pending"}


def test_5000_jobs_of_a_filter_are_retried_beside_a_live_worker_and_journalled(
    page: Page, child_environment: Environment
) -> None:
    complaints = complaints_of(page)
    page.route("**/*", with_policy)
    query(
        "INSERT INTO pgjobs_job (status, started, completed, job_class, name, queue_name, error) "
        "SELECT 'errored', now(), now(), %s, 'Noop', 'low', 'boom' FROM generate_series(1, 5000)",
        Noop.path,
    )
    kept = a_job("errored", queue_name="high")
    with RunningWorker(child_environment, "low"):
        page.goto(at("jobs", q="status:errored queue:low"))
        page.get_by_label("select all 5,000").check()
        page.get_by_role("button", name="Retry 5,000 jobs").click()
        page.wait_for_url("**/confirm/**")
        page.get_by_role("button", name="Retry 5,000 jobs").click()
        page.get_by_text("done", exact=True).wait_for()
        assert "5,000 of 5,000 changed" in " ".join(
            page.locator(".pgj-answer").inner_text().split()
        )
        eventually(lambda: Job.objects.filter(status="completed").count() == 5000)
    entry = JournalEntry.objects.get()
    assert (entry.who, entry.verb, entry.done) == ("root", "retry", 5000)
    assert list(Job.objects.exclude(status="completed")) == [kept]
    assert complaints == []


def test_a_worker_is_drained_by_its_button_and_ends(
    page: Page, child_environment: Environment
) -> None:
    page.goto(at("workers"))
    with RunningWorker(child_environment) as worker:
        page.get_by_role("button", name="Drain").click()
        page.get_by_text("was ordered to drain.").wait_for()
        worker.process.wait(25)
        page.get_by_text("No worker lives.").wait_for()


def test_a_queue_is_paused_from_the_keyboard(page: Page) -> None:
    page.goto(at("overview"))
    press_tab_until(page, ".pgj-queues tr:nth-child(1) button")
    page.keyboard.press("Enter")
    page.get_by_text("high is paused.").wait_for()
    assert Pause.objects.get().name == "high"


def test_failures_are_confirmed_from_the_keyboard(page: Page) -> None:
    job = a_job("errored", errors=[a_failure()])
    page.goto(at("overview"))
    press_tab_until(page, 'a[href*="/failures/retry/"]')
    page.keyboard.press("Enter")
    page.get_by_text("1 failed job of this kind.").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "Retry 1 job"
    page.keyboard.press("Enter")
    page.get_by_text("1 job will run again.").wait_for()
    until_status(job, "pending")


def test_the_doctor_tells_on_the_overview_what_is_wrong(page: Page) -> None:
    page.route("**/*", with_policy)
    a_job(queue_name="low")
    page.goto(at("overview"))
    page.locator(".pgj-banner").get_by_text("no living worker serves it").wait_for()
    page.locator(".pgj-banner a").click()
    page.get_by_role("heading", name="unserved queue").wait_for()


def test_without_javascript_each_action_works(browser: Browser, live_server: LiveServer) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    with browser.new_context(base_url=live_server.url, java_script_enabled=False) as context:
        cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
        context.add_cookies([{**cookie, "url": live_server.url}])  # type: ignore[typeddict-item]
        page = context.new_page()
        page.goto(at("overview"))
        row(page, "low").get_by_role("button", name="Pause").click()
        page.get_by_text("low is paused.").wait_for()
        page.get_by_role("link", name="Numbers").or_(page.get_by_text("No job ended")).wait_for()
        assert page.url.endswith(at("overview"))
