"""The jobs that are measured: they do nothing, or they take a known time."""

from __future__ import annotations

import time

from benchmarks import first_run
from pgjobs import BackgroundJob


class Nothing(BackgroundJob):
    """Does nothing."""

    def run(self) -> None:
        first_run.note()


class AsyncNothing(BackgroundJob):
    """Does nothing, as a coroutine."""

    async def run(self) -> None:
        first_run.note()


class Wait(BackgroundJob):
    """Sleeps for so many seconds."""

    def run(self, seconds: float) -> None:
        first_run.note()
        time.sleep(seconds)


class Compute(BackgroundJob):
    """Uses a core for so many seconds."""

    def run(self, seconds: float) -> None:
        first_run.note()
        until = time.thread_time() + seconds
        while time.thread_time() < until:
            pass


class Stamp(BackgroundJob):
    """Returns the ``time.monotonic()`` of its run. All processes of a machine share this clock."""

    def run(self) -> float:
        first_run.note()
        return time.monotonic()
