from __future__ import annotations

import os

from redis import Redis
from rq import Queue

from benchmarks import first_run

_AT_ONCE = 1_000


def nothing() -> None:
    first_run.count()


def enqueue(jobs: int) -> None:
    queue = Queue("default", connection=Redis.from_url(os.environ["PEER_URL"]))
    for start in range(0, jobs, _AT_ONCE):
        count = min(_AT_ONCE, jobs - start)
        queue.enqueue_many([Queue.prepare_data(nothing, result_ttl=0) for _ in range(count)])
