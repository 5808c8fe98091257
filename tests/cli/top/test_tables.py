"""The tables of ``top``: their rows, and the keys that move, sort and filter."""

from __future__ import annotations

import re

import pytest

from tests.apps.testapp.jobs import Noop, Raising
from tests.cli.top.driver import Drive, Driver
from tests.support.markdown import DOCS
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker

pytestmark = pytest.mark.django_db(transaction=True)


def row_of(driver: Driver, text: str) -> str:
    return next(line for line in driver.lines[5:] if text in line)


def test_each_table_has_its_number_and_shows_its_rows(drive: Drive) -> None:
    worker = a_worker(name="web-1")
    a_job(queue_name="low", created=ago(minutes=4))
    a_job("running", worker=worker, progress={"done": 3, "total": 4, "message": "routers"})
    a_job("errored", job_class=Raising.path, name="Raises", error="ValueError: boom\nmore")

    async def script(driver: Driver) -> None:
        await driver.until_shown("1 waiting, the oldest for 4 min", "1 running", "/s")
        assert row_of(driver, "low").split()[:4] == ["low", "1", "4", "min"]
        await driver.press("2")
        await driver.until_shown("web-1", "1/4", "high, default, l")
        await driver.press("right")
        await driver.until_shown("75% routers", "web-1", "2 min")
        await driver.press("4")
        await driver.until_shown("pending", "running", "errored", "ValueError: boom")
        await driver.press("tab")
        await driver.until_shown("Raising", "errored", "1 min")
        assert "more" not in driver.text
        await driver.press("left", "left", "shift+tab")
        await driver.until_shown("silent for")

    drive(script)


def test_the_rates_are_those_between_two_looks(drive: Drive) -> None:
    async def script(driver: Driver) -> None:
        await driver.until_shown("in 0.0/s · out 0.0/s · failed 0.0/s")
        jobs = [Noop.enqueue() for _ in range(9)]
        await driver.until(lambda: "in 0.0/s" not in driver.text and "9 waiting" in driver.text)
        await driver.until_shown("in 0.0/s · out 0.0/s")
        jobs[0].terminate("errored")
        await driver.until(lambda: "out 0.0/s" not in driver.text and "8 waiting" in driver.text)
        assert "failed 0.0/s" not in driver.text
        assert "in 0.0/s" in driver.text

    drive(script)


def test_the_cursor_stays_with_its_row_and_s_sorts(drive: Drive) -> None:
    for queue, jobs in (("high", 1), ("default", 3), ("low", 2)):
        for _ in range(jobs):
            a_job(queue_name=queue)

    async def script(driver: Driver) -> None:
        await driver.until_shown("6 waiting")
        await driver.press("s")
        await driver.until_shown("queue▲", "Sorted by queue.")
        assert [line.split()[0] for line in driver.lines[5:8]] == ["default", "high", "low"]
        await driver.press("s", "S")
        await driver.until_shown("waiting▼")
        assert [line.split()[0] for line in driver.lines[5:8]] == ["default", "low", "high"]
        for _ in range(3):
            a_job(queue_name="low")
        await driver.until(lambda: driver.lines[5].startswith("low"))
        await driver.press("enter")
        await driver.until_shown("filter: high")

    drive(script)


def test_a_filter_leaves_the_rows_that_hold_its_text_in_each_table(drive: Drive) -> None:
    job = a_job(queue_name="low", name="Sync [Zürich]")
    other = a_job(name="Other")

    async def script(driver: Driver) -> None:
        await driver.press("4", "slash", *"sync [z", "enter")
        await driver.until_shown("filter: sync [z", "Sync [Zürich]")
        await driver.until(lambda: "Other" not in driver.text)
        await driver.press("1")
        await driver.until(lambda: "low" not in driver.text)
        await driver.press("4", "slash", *["backspace"] * 7, *str(other.pk), "enter")
        await driver.until_shown(f"filter: {other.pk}", "Other")
        await driver.press("escape")
        await driver.until_shown("Sync", "Other", str(job.pk))
        assert "filter:" not in driver.text

    drive(script)


def test_thousands_of_rows_are_cut_with_the_number_of_the_others(drive: Drive) -> None:
    for number in range(205):
        a_worker(name=f"w{number:03}", pid=number + 1)

    async def script(driver: Driver) -> None:
        await driver.press("2")
        await driver.until_shown("w000", "and 5 more")
        await driver.press("end")
        await driver.until_shown("w199")
        await driver.press("pageup", "home")
        await driver.until_shown("w000")

    drive(script)


def test_the_picture_in_the_docs_has_the_lines_of_the_screen(drive: Drive) -> None:
    a_job(queue_name="low")
    page = (DOCS / "commands.md").read_text()

    async def script(driver: Driver) -> None:
        await driver.until_shown("low", "in 0.0/s")
        for place in (3, 4, -1):
            assert f"\n{driver.lines[place].rstrip()}\n" in page
        keys = re.findall(r"(\S+) \w+(?: |$)", driver.lines[-1].strip())
        assert {"/", "s", "S", "p", "q"} <= set(keys)
        assert all(f"`{key}`" in page for key in keys if key.isalpha())

    drive(script)
