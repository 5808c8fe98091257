"""The jobs of the storm. Each run returns its own name, so that the row tells which run's outcome
was accepted."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import Any, Final

from django.db import connection

from pgjobs import BackgroundJob
from pgjobs.exceptions import Retry
from pgjobs.retry import constant
from tests.chaos.journal import run_of

# A job that works in the database loses its connection in the storm. It is tried until it succeeds.
_UNTIL_IT_WORKS = 1000
TRIES_OF_A_RETRYING_JOB = 3


class Plain(BackgroundJob):
    """Does nothing in the database: only the engine can cause an error here."""

    def run(self, key: str) -> str:
        with run_of(self.job) as run:
            return run


class Atomic(BackgroundJob):
    class Meta:
        atomic = True
        max_attempts = _UNTIL_IT_WORKS
        backoff = constant(timedelta(seconds=0.2))

    def run(self, key: str) -> str:
        with run_of(self.job) as run, connection.cursor() as cursor:
            cursor.execute("INSERT INTO chaos_effect (key, run) VALUES (%s, %s)", [key, run])
            time.sleep(0.01)
            return run


class Interval(BackgroundJob):
    """A link of a chain. The driver brings the next link forward, so that chains grow long."""

    def run(self, key: str) -> str:
        with run_of(self.job) as run:
            time.sleep(0.05)
            return run


class Flaky(Exception):
    pass


class Retrying(BackgroundJob):
    """Fails in both ways, then works. Each failure bears the name of its run."""

    class Meta:
        max_attempts = TRIES_OF_A_RETRYING_JOB
        backoff = constant(timedelta(seconds=0.5))
        retry_on = Flaky

    def run(self, key: str) -> str:
        with run_of(self.job) as run:
            if self.job.attempt == 1:
                raise Retry(run, after=0.2)
            if self.job.attempt == 2:
                raise Flaky(run)
            return run


class Slow(BackgroundJob):
    """The usual victim of a kill. It has priority over the other jobs, so that its wait after a
    death is the wait for the rescue, without the backlog."""

    class Meta:
        priority = 1

    def run(self, key: str, seconds: float) -> str:
        with run_of(self.job) as run:
            deadline = time.monotonic() + seconds
            while time.monotonic() < deadline:
                time.sleep(0.05)
            return run


class SlowCoroutine(BackgroundJob):
    class Meta:
        priority = 1

    async def run(self, key: str, seconds: float) -> str:
        with run_of(self.job) as run:
            await asyncio.sleep(seconds)
            return run


class PlainInProcess(Plain):
    class Meta:
        isolation = "process"


class AtomicInProcess(Atomic):
    class Meta:
        isolation = "process"


class RetryingInProcess(Retrying):
    class Meta:
        isolation = "process"


class SlowInProcess(Slow):
    class Meta:
        isolation = "fresh_process"


class SlowCoroutineInProcess(SlowCoroutine):
    class Meta:
        isolation = "process"


class IntervalInProcess(Interval):
    class Meta:
        isolation = "fresh_process"


IN_PROCESS: Final[dict[Any, Any]] = {
    Plain: PlainInProcess,
    Atomic: AtomicInProcess,
    Retrying: RetryingInProcess,
    Slow: SlowInProcess,
    SlowCoroutine: SlowCoroutineInProcess,
    Interval: IntervalInProcess,
}
"""The same jobs in processes of their own."""
