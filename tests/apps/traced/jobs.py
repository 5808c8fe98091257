"""Jobs that tell which trace they run in."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from datetime import timedelta
from typing import Any

from pgjobs import BackgroundJob, JobFailed, Retry, Snooze
from pgjobs.retry import constant


def _span_id() -> str:
    from opentelemetry import trace

    return format(trace.get_current_span().get_span_context().span_id, "016x")


class Traced(BackgroundJob):
    """Returns the id of the span that it runs in."""

    def run(self, **kwargs: Any) -> str:
        return _span_id()


class TracedCoroutine(BackgroundJob):
    async def run(self) -> str:
        await asyncio.sleep(0)
        return _span_id()


class TracedInCoroutineOfThread(BackgroundJob):
    """Begins in the thread, and goes on in the loop."""

    def run(self) -> Any:
        return self._go_on()

    async def _go_on(self) -> str:
        await asyncio.sleep(0)
        return _span_id()


class TracedAtomic(BackgroundJob):
    class Meta:
        atomic = True

    def run(self) -> str:
        return _span_id()


class SucceedsLater(BackgroundJob):
    class Meta:
        max_attempts = 3
        backoff = constant(timedelta(0))

    def run(self) -> None:
        if self.job.attempt < 2:
            raise ValueError("not yet")


class AsksAgain(BackgroundJob):
    class Meta:
        max_attempts = 2

    def run(self) -> None:
        if self.job.attempt < 2:
            raise Retry(after=timedelta(0))


class Sleeps(BackgroundJob):
    """Snoozes once."""

    def run(self) -> None:
        if not self.job.data:
            self.job.data = {"slept": True}
            raise Snooze(until=timedelta(0))


class Raises(BackgroundJob):
    def run(self, **kwargs: Any) -> None:
        raise ValueError("boom")


class Fails(BackgroundJob):
    def run(self) -> None:
        raise JobFailed("no good")


class TakesTooLong(BackgroundJob):
    class Meta:
        timeout = 1

    def run(self) -> None:
        while True:
            time.sleep(0.01)


class TakesTooLongOnLoop(BackgroundJob):
    class Meta:
        timeout = 1

    async def run(self) -> None:
        await asyncio.sleep(60)


class CancelsItself(BackgroundJob):
    def run(self) -> None:
        self.job.cancel()
        while True:
            time.sleep(0.01)


class Terminates(BackgroundJob):
    def run(self, status: str) -> None:
        self.job.terminate(status, "it is over")


class Enqueues(BackgroundJob):
    def run(self) -> None:
        Traced.enqueue()


class Logs(BackgroundJob):
    def run(self) -> None:
        self.logger.info("a line")


class TracedInProcess(Traced):
    class Meta:
        isolation = "process"


class TracedInFreshProcess(Traced):
    class Meta:
        isolation = "fresh_process"


class RaisesInFreshProcess(Raises):
    class Meta:
        isolation = "fresh_process"


class KillsItsProcess(BackgroundJob):
    class Meta:
        isolation = "fresh_process"

    def run(self) -> None:
        os.kill(os.getpid(), signal.SIGSEGV)
