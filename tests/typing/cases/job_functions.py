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


def enqueue_many_takes_items_and_options(site: Site) -> None:
    assert_type(send_report.enqueue_many([{"to": "ops"}, {"to": "dev"}], priority=7), list[int])
    copy.enqueue_many([site, site], source="a")
    copy.enqueue_many([(site, {"source": "a"}), (None, {"source": "b"})])

    send_report.enqueue_many(["ops"])  # error: str
    send_report.enqueue_many([{"to": "ops"}], priority="7")  # error: priority
    send_report.enqueue_many([{"to": "ops"}], immediate=True, interval="5")  # error: interval


def setup_takes_a_rule_and_the_arguments_of_the_function() -> None:
    send_report.setup(interval=60, to="ops", priority=7)
    copy.setup(cron="15 3 * * *", source="a")
    greet.setup(interval=60, name="Ada")

    send_report.setup(interval=60)  # error: to|few
    send_report.setup(interval="60", to="ops")  # error: interval
    send_report.setup(interval=60, too="ops")  # error: too
    copy.setup(cron=5, source="a")  # error: cron


@pgjobs.system_job(interval=60)
@pgjobs.job(editable_schedule=True)
def tidy(depth: int = 1) -> int:
    return depth


def a_system_function_stays_what_it_is() -> None:
    assert_type(tidy(depth=2), int)
    assert_type(tidy.delay(2), Job)

    tidy.delay("2")  # error: int


def the_current_job_may_be_none() -> None:
    job = pgjobs.current_job()
    assert_type(job, pgjobs.CurrentJob | None)
    if job is not None:
        assert_type(job.job, Job)
        job.logger.info("%s of %s", 1, 2)
        job.progress(1, 2, "half")

        job.progress("1")  # error: str|done
    job.progress(1)  # error: None|progress
