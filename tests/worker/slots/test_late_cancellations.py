"""A stop request that comes too late for its coroutine does not reach the next one."""

from __future__ import annotations

import asyncio
from typing import ClassVar

import pytest

from pgjobs import BackgroundJob
from pgjobs.exceptions import JobCancelled
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.slots.pool import Pool
from tests.support.engine import a_pool
from tests.support.eventually import eventually

pytestmark = pytest.mark.usefixtures("empty_queue")


class IsToldAtItsEnd(BackgroundJob):
    pool: ClassVar[Pool]

    async def run(self) -> None:
        await asyncio.sleep(0)
        self.pool.request_stop(self.job, JobCancelled("too late"))


class Waits(BackgroundJob):
    async def run(self) -> None:
        await asyncio.sleep(0.1)


def test_a_coroutine_that_follows_one_which_was_told_at_its_end_is_not_cancelled() -> None:
    outcomes: list[Outcome | None] = []
    pool = IsToldAtItsEnd.pool = a_pool(outcomes)
    pool.submit([Job.objects.get(pk=c.enqueue().pk) for c in (IsToldAtItsEnd, Waits)])
    pool.start()
    eventually(lambda: pool.in_hand == 0)
    pool.stop(10)
    assert [outcome and outcome.status for outcome in outcomes] == ["completed", "completed"]
