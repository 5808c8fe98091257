"""The test kit takes classes, functions and tasks."""

from __future__ import annotations

from typing import assert_type

from django.test import TestCase

import pgjobs
from pgjobs import BackgroundJob
from pgjobs.models import Job
from pgjobs.tasks import task
from pgjobs.testing import (
    JobRun,
    JobsTestMixin,
    assert_enqueued,
    enqueued,
    refute_enqueued,
    run_job,
)
from tests.apps.testapp.models import Site


class SyncSite(BackgroundJob[Site]):
    def run(self, depth: int, full: bool = False) -> None: ...


@pgjobs.job
def send_report(to: str, *, full: bool = False) -> int:
    return len(to)


@task
def send_receipt(order: int, copy_to: str = "") -> str:
    return copy_to


@task(timeout=60)
async def fetch(day: str) -> int:
    return 1


@pgjobs.register
def registered(job: Job, to: str) -> None: ...


def an_assertion_takes_each_kind_of_job(site: Site) -> None:
    assert_type(assert_enqueued(SyncSite, object=site, depth=1), Job)
    assert_type(assert_enqueued(send_receipt, 7, copy_to="ops"), Job)
    assert_type(assert_enqueued(send_report, "ops"), Job)
    assert_type(enqueued(fetch), list[Job])
    assert_type(enqueued(), list[Job])
    refute_enqueued(fetch, day="May")
    refute_enqueued(registered)

    assert_enqueued("SyncSite")  # error: str|target
    refute_enqueued(7)  # error: int|target
    enqueued(fetch.name)  # error: str|target


class SyncTest(JobsTestMixin, TestCase):
    def the_methods_take_the_same(self) -> None:
        assert_type(self.assert_enqueued(send_receipt, 7, copy_to="ops"), Job)
        assert_type(self.enqueued(SyncSite), list[Job])
        self.refute_enqueued(send_report, "ops")
        assert_type(self.run_job(fetch, day="May"), JobRun)
        assert_type(self.run_job(SyncSite, depth=1).status, str)

        self.assert_enqueued("SyncSite")  # error: str|target


def a_run_takes_the_arguments_of_its_job(site: Site) -> None:
    assert_type(run_job(SyncSite, object=site, depth=1, raising=False), JobRun)
    assert_type(run_job(send_report, "ops", full=True), JobRun)
    assert_type(run_job(send_report, to="ops", priority=7, raising=False), JobRun)
    assert_type(run_job(send_receipt, 7, copy_to="ops"), JobRun)
    assert_type(run_job(fetch, day="May", raising=False), JobRun)
    assert_type(run_job(registered, name="Registered", to="ops"), JobRun)

    run_job("SyncSite")  # error: str|target
    run_job(fetch.name, day="May")  # error: str|target
    run_job(SyncSite, object="Lund", depth=1)  # error: str|object
    run_job(fetch, day="May", raising="no")  # error: str|raising
