"""Waking idle workers once an enqueuing transaction has committed."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from django.db import DatabaseError, connections, transaction

from pgjobs.sql import load

logger = logging.getLogger("pgjobs.doorbell")


@dataclass
class Ring:
    """Wakes at most one idle worker for each job enqueued in a transaction."""

    using: str
    queues: set[str] = field(default_factory=set)
    jobs: int = 0

    def __call__(self) -> None:
        try:
            with connections[self.using].cursor() as cursor:
                cursor.execute(load("ring"), {"queues": sorted(self.queues), "workers": self.jobs})
        except DatabaseError:
            # The jobs are safe: idle workers look for themselves every second or so.
            logger.warning("ringing for queues=%s failed", sorted(self.queues), exc_info=True)


def ring_on_commit(using: str, queue: str, *, jobs: int = 1) -> None:
    """After the current transaction, or now where there is none, wake workers for ``queue``."""
    ring = _pending_ring(using)
    ring.queues.add(queue)
    ring.jobs += jobs
    if not connections[using].in_atomic_block:
        ring()


def _pending_ring(using: str) -> Ring:
    """Return the ring that the innermost savepoint already waits to make, or a new one.

    A loop that enqueues a thousand jobs in one transaction then rings once. Only a ring
    of the same savepoints may be shared: theirs is dropped if they are rolled back.
    """
    connection = connections[using]
    if not connection.in_atomic_block:
        return Ring(using)
    for savepoints, callback, *_ in reversed(connection.run_on_commit):
        if isinstance(callback, Ring) and savepoints == set(connection.savepoint_ids):
            return callback
    ring = Ring(using)
    transaction.on_commit(ring, using=using, robust=True)
    return ring
