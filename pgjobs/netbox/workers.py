"""The workers of a queue, as NetBox asks for them before it enqueues a job."""

from __future__ import annotations

from pgjobs.stats import workers


def get_workers_for_queue(queue_name: str) -> int:
    """Return how many living workers serve the queue."""
    return sum(queue_name in worker.queues for worker in workers() if worker.alive)


def any_workers_for_queue(queue_name: str) -> bool:
    """Return whether a living worker serves the queue."""
    return get_workers_for_queue(queue_name) > 0
