from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass

from awa import AsyncClient

from benchmarks import first_run

QUEUE = "default"
WORKERS = 200


@dataclass
class Nothing:
    pass


def enqueue(jobs: int) -> None:
    asyncio.run(_enqueue(jobs))


async def _enqueue(jobs: int) -> None:
    client = AsyncClient(os.environ["PEER_URL"])
    await client.migrate()
    await client.install_queue_storage()
    await client.enqueue_many_copy([Nothing()] * jobs, queue=QUEUE)
    await client.close()


def work() -> None:
    asyncio.run(_work())


async def _work() -> None:
    client = AsyncClient(os.environ["PEER_URL"])

    @client.task(Nothing, queue=QUEUE)
    async def nothing(job: object) -> None:
        first_run.note()

    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await client.start([(QUEUE, WORKERS)])
    await stopped.wait()
    await client.shutdown()
