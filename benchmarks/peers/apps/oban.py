from __future__ import annotations

import asyncio
import os

from oban import Oban, job
from oban.schema import install
from psycopg_pool import AsyncConnectionPool

from benchmarks import first_run

_AT_ONCE = 5_000


@job(queue="default")
async def nothing() -> None:
    first_run.note()


def enqueue(jobs: int) -> None:
    asyncio.run(_enqueue(jobs))


async def _enqueue(jobs: int) -> None:
    async with AsyncConnectionPool(os.environ["PEER_URL"], open=False) as pool:
        await install(pool)
        client = Oban(pool=pool)
        for start in range(0, jobs, _AT_ONCE):
            await client.enqueue_many([nothing.new() for _ in range(min(_AT_ONCE, jobs - start))])
