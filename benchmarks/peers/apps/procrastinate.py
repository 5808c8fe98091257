from __future__ import annotations

import asyncio
import os

from procrastinate import App, PsycopgConnector

from benchmarks import first_run

app = App(
    connector=PsycopgConnector(conninfo=os.environ["PEER_URL"], min_size=4, max_size=32),
    import_paths=[__name__],
)


@app.task(name="nothing")
async def nothing() -> None:
    first_run.note()


def enqueue(jobs: int) -> None:
    asyncio.run(_enqueue(jobs))


async def _enqueue(jobs: int) -> None:
    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        await nothing.configure().batch_defer_async(*({} for _ in range(jobs)))
