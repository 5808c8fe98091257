"""The screen of one job: its parts, its log as it grows, and texts that can't become markup."""

from __future__ import annotations

import pytest
from django.utils import timezone

from pgjobs.choices import JobStatus
from pgjobs.cli.top.job_screen import JobScreen
from pgjobs.models import Job, JobLogEntry
from tests.apps.testapp.jobs import Raising
from tests.cli.top.driver import Drive, Driver
from tests.support.rows import a_failure, a_job

pytestmark = pytest.mark.django_db(transaction=True)

NASTY = "[bold red]no[/] [/b] [@click=app.quit]x[/] \x1b[2J\a \u202e 漢字 👩‍🚀 e\u0301"
"""Markup of the library of the screen, an escape sequence, and wide and odd characters."""
SHOWN = r"[bold red]no[/] [/b] [@click=app.quit]x[/] \x1b[2J\x07 \u202e 漢字"


def log(job: Job, message: str) -> None:
    JobLogEntry.objects.create(job=job, timestamp=timezone.now(), level="info", message=message)


def test_a_job_opens_with_its_arguments_and_tracebacks_and_a_log_that_grows(drive: Drive) -> None:
    job = a_job(
        "errored",
        name="Sync",
        job_class=Raising.path,
        kwargs={"invoice": "INV-1"},
        error="ValueError: boom",
        errors=[a_failure()],
    )
    log(job, "first line\nsecond line")

    async def script(driver: Driver) -> None:
        await driver.press("5")
        await driver.until_shown("ValueError: boom")
        await driver.press("enter")
        await driver.until_shown(
            f"Job {job.pk} · Sync",
            "errored",
            "builtins.ValueError",
            '"invoice": "INV-1"',
            "Traceback (most recent call last):",
            "first line",
            "    second line",
        )
        for number in range(50):
            log(job, f"line {number}.")
        await driver.until(lambda: "line 2." in driver.text)
        await driver.press("end")
        await driver.until_shown("line 49.")
        log(job, "the newest line")
        await driver.until_shown("the newest line")
        await driver.order("r", f"Retry job {job.pk}, Sync?")
        await driver.until_shown(f"Job {job.pk} is pending again.")
        assert Job.objects.get(pk=job.pk).status == JobStatus.PENDING
        await driver.order("c", f"Cancel job {job.pk}, Sync?")
        await driver.press("home")
        await driver.until_shown("status            cancelled")
        Job.objects.all().delete()
        await driver.until_shown(f"There is no job {job.pk}.")
        await driver.press("escape")
        await driver.until_shown("5 Failures")

    drive(script, (80, 40))


def test_a_hidden_argument_stays_hidden(drive: Drive) -> None:
    a_job("failed", job_class=Raising.path, name="Pay", kwargs={"password": "hunter2", "sum": 7})

    async def script(driver: Driver) -> None:
        await driver.press("4")
        await driver.until_shown("Pay")
        await driver.press("enter")
        await driver.until_shown('"sum": 7', '"password": "[redacted]"')
        assert "hunter2" not in driver.text

    drive(script)


def test_no_text_of_a_job_becomes_markup_or_steers_the_terminal(drive: Drive) -> None:
    job = a_job(
        "errored",
        name=NASTY,
        queue_name="[b]low[/b",
        kwargs={"a": NASTY},
        error=NASTY,
        errors=[a_failure(exception=NASTY, traceback=NASTY), NASTY],
    )
    log(job, NASTY)
    a_job(name=NASTY, queue_name="[b]low[/b", progress={"message": NASTY})

    async def script(driver: Driver) -> None:
        await driver.until_shown("[b]low[/b")
        await driver.order("p", "Pause the queue [b]low[/b?")
        await driver.until_shown("Refused: ", "[b]low[/b")
        await driver.press("enter")
        await driver.until_shown("filter: [b]low[/b", SHOWN[:13])
        await driver.press("down", "c")
        await driver.until_shown(f"Job {job.pk} has finished")
        await driver.press("escape", "5")
        await driver.until_shown(SHOWN[:13])
        await driver.order("r", SHOWN[:20])
        await driver.until_shown("1 of 1 jobs are pending again.")
        Job.objects.filter(pk=job.pk).update(**errored)
        await driver.press("4")
        await driver.until_shown(f"{job.pk}  errored")
        await driver.press("down", "enter")
        await driver.until(lambda: driver.text.count(SHOWN) >= 5)
        assert not set("\x1b\a\u202e") & set(driver.text)
        assert {len(line) <= 120 for line in driver.lines} == {True}

    errored = Job.objects.filter(pk=job.pk).values("status", "started", "completed", "error").get()
    drive(script, (120, 60))


def test_a_look_does_not_take_back_a_user_who_has_scrolled_meanwhile(drive: Drive) -> None:
    job = a_job("errored", error="ValueError: boom", errors=[a_failure()])
    log(job, "\n".join(f"line {number}." for number in range(50)))

    async def script(driver: Driver) -> None:
        await driver.press("5")
        await driver.until_shown("ValueError: boom")
        await driver.press("enter")
        await driver.until_shown("status            errored")
        await driver.press("end")
        await driver.until_shown("line 49.")
        screen = driver.app.screen
        assert isinstance(screen, JobScreen)
        screen.show(screen._seen)
        screen.query_one("#job").scroll_home(animate=False, immediate=True)
        await driver.pilot.pause(0.5)
        assert "status            errored" in driver.text

    drive(script, (80, 40))
