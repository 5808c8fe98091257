from __future__ import annotations

import asyncio
import os

from chancy import Chancy, Queue, job

from benchmarks import first_run

app = Chancy(os.environ["PEER_URL"])

QUEUE = Queue(
    "default",
    concurrency=4000,
    executor=Chancy.Executor.Async,
    polling_interval=1,
)


@job(queue=QUEUE.name)
async def nothing() -> None:
    first_run.note()


def enqueue(jobs: int) -> None:
    asyncio.run(_enqueue(jobs))


async def _enqueue(jobs: int) -> None:
    async with app:
        await app.migrate()
        await app.declare(QUEUE)
        async for _ in app.push_many([nothing.job] * jobs):
            pass
