from __future__ import annotations

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks import first_run

dramatiq.set_broker(RedisBroker(url=os.environ["PEER_URL"]))


@dramatiq.actor
def nothing() -> None:
    first_run.count()


def enqueue(jobs: int) -> None:
    for _ in range(jobs):  # It has no bulk call.
        nothing.send()
