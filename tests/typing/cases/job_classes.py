"""The calls of job classes with annotations."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Generic, TypeVar, assert_type

from django.db import models
from django.http import HttpRequest

from pgjobs import BackgroundJob, JobInterval, JobNotification
from pgjobs.models import Job
from pgjobs.models.job_queryset import JobQuerySet
from tests.apps.testapp.models import Device, Site

M = TypeVar("M", bound=models.Model)


class SyncSite(BackgroundJob[Site]):
    """Has an object of one model, and an argument of each kind."""

    def run(self, depth: int, full: bool = False, *, tags: list[str] | None = None) -> str:
        assert_type(self.job.object, Site)
        wants_a_row(self.job.object)  # error: Site
        wants_a_row(self.job)
        return self.job.object.name


class PingSite(BackgroundJob["Site"]):
    """Is a coroutine, and names its model in quotes."""

    async def run(self, seconds: float = 1) -> None:
        assert_type(self.job.object, Site)


class WithoutModel(BackgroundJob):
    """Has objects of any model."""

    def run(self) -> None:
        assert_type(self.job.object, Any)


class Base(BackgroundJob[M], Generic[M]):
    """Is a base class of the project, and hands the model on."""

    def run(self, force: bool = False) -> None: ...


class PushDevice(Base[Device]):
    """Inherits ``run()``."""

    def push(self) -> None:
        assert_type(self.job.object, Device)


class Overriding(BackgroundJob[Site]):
    """Has calls of its own."""

    def run(self, full: bool = False) -> None: ...

    @classmethod
    def enqueue(cls, *args: Any, **kwargs: Any) -> Job:
        return super().enqueue(*args, **kwargs)

    @classmethod
    def enqueue_once(cls, *args: Any, **kwargs: Any) -> Job:
        kwargs.setdefault("queue_name", "low")
        return super().enqueue_once(*args, **kwargs)


def wants_a_row(job: Job) -> None: ...


def arguments_are_those_of_run(site: Site) -> None:
    assert_type(SyncSite.enqueue(site, depth=1), Job)
    SyncSite.enqueue(site, depth=1, full=True, tags=["a"])
    SyncSite.enqueue(depth=1)
    SyncSite.enqueue(instance=site, depth=1)
    PingSite.enqueue(site, seconds=0.5)
    PushDevice.enqueue(force=True)
    Overriding.enqueue(site, full=True)

    SyncSite.enqueue(site, depth=1, ful=True)  # error: ful
    SyncSite.enqueue(site, depth="deep")  # error: depth
    SyncSite.enqueue(site, depth=1, tags="a")  # error: tags
    SyncSite.enqueue(site)  # error: enqueue|depth
    PingSite.enqueue(site, seconds="long")  # error: seconds
    PushDevice.enqueue(forced=True)  # error: forced
    WithoutModel.enqueue(full=True)  # error: full


def options_are_typed(request: HttpRequest, site: Site, moment: datetime) -> None:
    SyncSite.enqueue(site, depth=1, user=request.user, schedule_at=moment, interval=60)
    SyncSite.enqueue(site, depth=1, interval=JobInterval.DAILY, immediate=False)
    SyncSite.enqueue(site, depth=1, queue_name="low", notifications=JobNotification.NEVER)
    SyncSite.enqueue(site, depth=1, priority=1, timeout=2, max_attempts=3, meta={"a": "b"})
    SyncSite.enqueue(site, depth=1, job_timeout=60, notifications="never")

    SyncSite.enqueue(site, depth=1, schedule_at="tomorrow")  # error: schedule_at
    SyncSite.enqueue(site, depth=1, interval="5")  # error: interval
    SyncSite.enqueue(site, depth=1, user="ada")  # error: user
    SyncSite.enqueue(site, depth=1, priority="high")  # error: priority
    SyncSite.enqueue(site, depth=1, prioritty=1)  # error: prioritty
    SyncSite.enqueue(site, depth=1, name="Sync")  # error: name
    SyncSite.enqueue(site, depth=1, full=True, queue_name=7)  # error: queue_name
    SyncSite.enqueue(site, 1)  # error: AbstractBaseUser|depth


def objects_are_of_the_model(site: Site, device: Device) -> None:
    WithoutModel.enqueue(site)
    WithoutModel.enqueue(device)
    PushDevice.enqueue(device)

    SyncSite.enqueue(device, depth=1)  # error: Device
    PushDevice.enqueue(site)  # error: Site
    SyncSite.get_jobs(device)  # error: Device


async def the_other_calls_are_typed_too(site: Site, device: Device, moment: datetime) -> None:
    assert_type(await SyncSite.aenqueue(site, depth=1, priority=1), Job)
    assert_type(await SyncSite.aenqueue_once(site, depth=1, interval=60), Job)
    assert_type(SyncSite.enqueue_once(site, depth=1, interval=60), Job)
    assert_type(SyncSite.enqueue_many([site, (site, {"depth": 1})], queue_name="low"), list[int])
    assert_type(SyncSite.get_jobs(site), JobQuerySet[Job])
    SyncSite.setup(cron="15 3 * * *", depth=1, queue_name="low")
    PingSite.setup(interval=JobInterval.HOURLY)

    await SyncSite.aenqueue(site, dept=1)  # error: dept
    await SyncSite.aenqueue_once(site, depth=1, interval="60")  # error: interval
    SyncSite.enqueue_once(site, depth=1, immediate=True)  # error: immediate
    SyncSite.enqueue_once(site, depth=1, scheduled_at=moment)  # error: scheduled_at
    SyncSite.enqueue_many([device])  # error: Device
    SyncSite.enqueue_many([site], priority="high")  # error: priority
    SyncSite.setup(interval="60", depth=1)  # error: interval
    PingSite.setup(interval=60, second=1)  # error: second


def a_class_that_is_not_known_takes_any_argument(
    job_class: type[BackgroundJob], of_sites: type[BackgroundJob[Site]], given: dict[str, Any]
) -> None:
    job_class.enqueue(whatever=1, interval=5)
    of_sites.enqueue(whatever=1)
    SyncSite.enqueue(**given)

    job_class.enqueue(whatever=1, interval="5")  # error: interval


class Report(BackgroundJob):
    """Has a parameter that is called as an option is."""

    def run(self, priority: str) -> None: ...


def arguments_that_are_called_like_options_go_through_the_row(site: Site) -> None:
    Job.enqueue(Report, site, arguments={"priority": "urgent"})

    Report.enqueue(priority="urgent")  # error: priority


def jobs_of_an_object_are_a_query_set_of_jobs(site: Site) -> None:
    assert_type(site.jobs, JobQuerySet[Job])
    assert_type(site.jobs.live().first(), Job | None)
    assert_type(site.jobs.cancel(), int)
    assert_type(site.get_latest_jobs(), JobQuerySet[Job])

    site.jobs.cancell()  # error: cancell
