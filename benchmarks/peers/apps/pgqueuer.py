from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import asyncpg
import pgqueuer
import uvloop
from pgqueuer import AsyncpgDriver, Job, PgQueuer, Queries

from benchmarks import first_run

_AT_ONCE = 10_000


@asynccontextmanager
async def _manager() -> AsyncGenerator[PgQueuer]:
    connection = await asyncpg.connect(os.environ["PEER_URL"])
    queuer = PgQueuer.from_asyncpg_connection(connection)

    @queuer.entrypoint("nothing")
    async def nothing(job: Job) -> None:
        first_run.note()

    try:
        yield queuer
    finally:
        await connection.close()


def work() -> None:
    uvloop.run(pgqueuer.run(_manager, batch_size=500))


def enqueue(jobs: int) -> None:
    asyncio.run(_enqueue(jobs))


async def _enqueue(jobs: int) -> None:
    connection = await asyncpg.connect(os.environ["PEER_URL"])
    queries = Queries(AsyncpgDriver(connection))
    await queries.install()
    for start in range(0, jobs, _AT_ONCE):
        count = min(_AT_ONCE, jobs - start)
        await queries.enqueue(["nothing"] * count, [None] * count, [0] * count)
    await connection.close()
