"""Jobs that tests enqueue. Worker processes find them here."""

from __future__ import annotations

import asyncio
import os
import time
from typing import Any

from pgjobs import BackgroundJob, JobFailed, register
from tests.testapp.models import Trace


def leave_trace(label: str, job_id: int | None = None) -> None:
    Trace.objects.create(label=label, job_id=job_id, pid=os.getpid())


class Noop(BackgroundJob):
    """Returns what it was given."""

    def run(self, **kwargs: Any) -> Any:
        return kwargs or None


class Tracing(BackgroundJob):
    """Leaves a trace, so that runs can be counted."""

    def run(self, label: str = "ran") -> None:
        leave_trace(label, self.job.pk)


class Logging(BackgroundJob):
    def run(self) -> None:
        self.logger.debug("a %s line", "debug")
        self.logger.info("an info line")
        self.logger.warning("a warning line")
        self.logger.error("an error line")


class Raising(BackgroundJob):
    def run(self, message: str = "boom") -> None:
        raise ValueError(message)


class Failing(BackgroundJob):
    def run(self, why: str = "no good") -> None:
        raise JobFailed(why)


class Coroutine(BackgroundJob):
    async def run(self) -> str:
        await asyncio.sleep(0)
        return "awaited"


class Held(BackgroundJob):
    """Leaves a trace, then runs until a trace labelled `release` exists."""

    def run(self, label: str = "started") -> None:
        leave_trace(label, self.job.pk)
        while not Trace.objects.filter(label="release").exists():
            time.sleep(0.02)
        leave_trace("ended", self.job.pk)


class Endless(BackgroundJob):
    class Meta:
        timeout = 1

    def run(self) -> None:
        leave_trace("started", self.job.pk)
        while True:
            time.sleep(0.01)


class AboutObject(BackgroundJob):
    """Says what its object is."""

    class Meta:
        name = "About an object"

    def run(self) -> str:
        return str(self.job.object)


@register
def plain_function(job: Any, **kwargs: Any) -> Any:
    """A function as a job."""
    return kwargs or None
