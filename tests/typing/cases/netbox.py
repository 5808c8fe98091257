"""Job classes as NetBox's plugins write them: with few annotations or none."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from pgjobs import BackgroundJob, JobRunner, system_job
from tests.apps.testapp.models import Site


class AnyArguments(JobRunner):
    class Meta:
        name = "Any"

    def run(self, *args: Any, **kwargs: Any) -> None:
        self.job.data = kwargs
        self.logger.info("about %s", self.job.object.name)


class AnyNames(BackgroundJob):
    def run(self, **kwargs):  # type: ignore[no-untyped-def]
        return kwargs


class Untyped(BackgroundJob):
    def run(self, url, full=False):  # type: ignore[no-untyped-def]
        return url


@system_job(interval=60)
class Housekeeping(BackgroundJob):
    def run(self, *args: Any, **kwargs: Any) -> None: ...


def calls(request: HttpRequest, site: Site, moment: datetime, data: dict[str, Any]) -> None:
    AnyArguments.enqueue(
        instance=site,
        user=request.user,
        schedule_at=moment,
        interval=60,
        immediate=False,
        queue_name="low",
        notifications="always",
        job_timeout=600,
        data=data,
        request=7,
    )
    AnyArguments.enqueue_once(site, interval=60, anything=1)
    AnyNames.enqueue(instance=site, anything=1)
    AnyNames.enqueue(**data)
    Untyped.enqueue(site, url="x", full=True)
    AnyArguments.setup(interval=60)
    Housekeeping.enqueue()

    AnyArguments.enqueue(instance=site, schedule_at="tomorrow", anything=1)  # error: schedule_at
    AnyNames.enqueue(interval="5")  # error: interval
    Untyped.enqueue(site, url="x", fulll=True)  # error: fulll
