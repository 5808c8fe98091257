from __future__ import annotations

import os

from huey import RedisHuey

from benchmarks import first_run

huey = RedisHuey("peer", url=os.environ["PEER_URL"], results=False)


@huey.task()
def nothing() -> None:
    first_run.count()


def enqueue(jobs: int) -> None:
    for _ in range(jobs):  # It has no bulk call.
        nothing()
