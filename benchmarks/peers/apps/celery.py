from __future__ import annotations

import os

from celery import Celery, group

from benchmarks import first_run

_AT_ONCE = 1_000

app = Celery("peer", broker=os.environ["PEER_URL"].replace("unix:", "redis+socket:"))
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=1000,
    worker_disable_rate_limits=True,
    broker_connection_retry_on_startup=True,
    include=[__name__],
)


@app.task(name="nothing")
def nothing() -> None:
    first_run.count()


def enqueue(jobs: int) -> None:
    for start in range(0, jobs, _AT_ONCE):
        group(nothing.s() for _ in range(min(_AT_ONCE, jobs - start))).apply_async()
