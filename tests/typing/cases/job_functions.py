"""The calls of functions with ``@pgjobs.job``."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import assert_type

from django.db import models

import pgjobs
from pgjobs import retry
from pgjobs.models import Job
from tests.apps.testapp.models import Site


@pgjobs.job
def send_report(to: str, *, full: bool = False) -> int:
    return len(to)


@pgjobs.job(
    name="Copy",
    queue="high",
    timeout=60,
    max_attempts=3,
    backoff=retry.constant(timedelta(seconds=1)),
    retry_on=(OSError, ValueError),
    isolation="process",
    sensitive=["pin"],
)
def copy(job: Job, source: str, target: str = "") -> str:
    return f"{job.object}{source}{target}"


@pgjobs.job()
async def ping(host: str, job: Job | None = None) -> float:
    return 0.5


@pgjobs.job
def touch(obj: models.Model) -> None: ...


@pgjobs.job
def greet(name: str) -> None: ...


async def a_plain_call_is_that_of_the_function(row: Job) -> None:
    assert_type(send_report("ops", full=True), int)
    assert_type(copy(row, "a", target="b"), str)
    assert_type(await ping("host"), float)

    send_report(7)  # error: str
    copy("a")  # error: source


def delay_takes_the_arguments_of_the_function(site: Site) -> None:
    assert_type(send_report.delay("ops", full=True), Job)
    send_report.delay(to="ops")
    copy.delay("a", "b")
    copy.delay(source="a")
    ping.delay("host")
    touch.delay(site)
    greet.delay(name="Ada")

    send_report.delay(7)  # error: str
    send_report.delay("ops", ful=True)  # error: ful
    send_report.delay()  # error: to
    copy.delay("a", 7)  # error: int|target
    send_report.delay("ops", priority=1)  # error: priority


async def enqueue_takes_options_beside(site: Site, moment: datetime) -> None:
    assert_type(send_report.enqueue(to="ops", full=True, schedule_at=moment, interval=5), Job)
    assert_type(await send_report.aenqueue(site, to="ops", priority=7), Job)
    assert_type(send_report.enqueue_once(to="ops", interval=60), Job)
    assert_type(await send_report.aenqueue_once(to="ops"), Job)
    copy.enqueue(site, source="a", queue_name="low")
    greet.enqueue(name="Ada")

    send_report.enqueue(to=7)  # error: to
    send_report.enqueue(too="ops")  # error: too
    send_report.enqueue("ops")  # error: str|to
    send_report.enqueue(to="ops", interval="5")  # error: interval
    send_report.enqueue_once(to="ops", immediate=True)  # error: immediate
    await copy.aenqueue(source="a", schedule_at="tomorrow")  # error: schedule_at
    copy.enqueue(job=None, source="a")  # error: job


@pgjobs.job(timeout="60")  # error: timeout|str
def wrong_value() -> None: ...


@pgjobs.job(isolation="thred")  # error: isolation|str
def wrong_choice() -> None: ...


@pgjobs.job(que="high")  # error: que|job
def wrong_option() -> None: ...


@pgjobs.register
def registered(job: Job, to: str) -> None: ...


def a_registered_function_is_enqueued_through_the_row() -> None:
    registered(Job(), "ops")
    assert_type(Job.enqueue(registered, name="Registered", to="ops"), Job)
