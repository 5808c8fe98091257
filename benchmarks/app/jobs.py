"""The jobs that are measured: nothing but the engine's own cost, or a known time."""

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
    """Takes its time without using the processor."""

    def run(self, seconds: float) -> None:
        first_run.note()
        time.sleep(seconds)


class Stamp(BackgroundJob):
    """Returns when it ran, on the clock that all processes of this machine share."""

    def run(self) -> float:
        first_run.note()
        return time.monotonic()
