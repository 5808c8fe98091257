"""A job of each kind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from procrastinate.contrib.django import app

import pgjobs
from pgjobs.retry import constant
from shop.models import Sale, Site


class Plain(pgjobs.BackgroundJob):
    def run(self, count: int = 1) -> int:
        self.logger.info("counting to %d", count)
        self.progress(count, count)
        return count


class Once(Plain):
    pass


class Due(Plain):
    pass


class Later(Plain):
    pass


class Recurring(Plain):
    pass


class Cancelled(Plain):
    pass


class AboutSite(pgjobs.BackgroundJob[Site]):
    def run(self) -> str:
        return self.job.object.name


class Atomic(pgjobs.BackgroundJob):
    class Meta:
        atomic = True

    def run(self) -> None:
        Sale.objects.create(label="atomic")


class Coroutine(pgjobs.BackgroundJob):
    async def run(self) -> int:
        return await Sale.objects.acount()


class Isolated(pgjobs.BackgroundJob):
    class Meta:
        isolation = "process"

    def run(self) -> None:
        Sale.objects.create(label="isolated")


class Fresh(pgjobs.BackgroundJob):
    class Meta:
        isolation = "fresh_process"

    def run(self) -> None:
        Sale.objects.create(label="fresh")


class Retried(pgjobs.BackgroundJob):
    class Meta:
        max_attempts = 2
        backoff = constant(timedelta(0))

    def run(self) -> None:
        if self.job.attempt == 1:
            raise ValueError("again")


class Errored(pgjobs.BackgroundJob):
    def run(self) -> None:
        raise ValueError("boom")


class Failed(pgjobs.BackgroundJob):
    def run(self) -> None:
        raise pgjobs.JobFailed("no good")


@pgjobs.system_job(interval=60)
class Hourly(pgjobs.BackgroundJob):
    def run(self) -> None:
        Sale.objects.create(label="hourly")


@pgjobs.job
def function(label: str) -> None:
    Sale.objects.create(label=label)


@pgjobs.register
def registered(job: Any, label: str) -> None:
    Sale.objects.create(label=label)


@app.task
def low_level(label: str) -> None:
    Sale.objects.create(label=label)


if settings.HAS_TASKS:
    from django.tasks import task

    @task
    def task_of_django(label: str) -> None:
        Sale.objects.create(label=label)
