"""Waking idle workers once an enqueuing transaction has committed.

The ring is a round trip of its own, and in a busy cluster nobody is idle. So the INSERT says
whether anybody was, and a transaction that is over ``SHORT_TRANSACTION`` after it does without
the ring. A worker that sat down in between looks again later than that, and finds the job.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Final

from django.db import DatabaseError, connections, transaction

from pgjobs import events
from pgjobs.sql import load

SHORT_TRANSACTION: Final = 0.03
"""Seconds from an INSERT to the end of its transaction in which workers may sit down unseen."""


@dataclass
class Ring:
    """Wakes at most one idle worker for each job enqueued in a transaction."""

    using: str
    queues: set[str] = field(default_factory=set)
    jobs: int = 0
    looked: float = math.inf
    """Since when nobody was idle, of the monotonic clock: workers may have sat down since."""

    def __call__(self) -> None:
        if time.monotonic() - self.looked < SHORT_TRANSACTION:
            return
        try:
            with connections[self.using].cursor() as cursor:
                cursor.execute(load("ring"), {"queues": sorted(self.queues), "workers": self.jobs})
        except DatabaseError as error:
            # The jobs are safe: idle workers look for themselves every second or so.
            events.tell(events.RingFailed(sorted(self.queues), error))


def ring_on_commit(using: str, queue: str, *, jobs: int = 1, looked: float = -math.inf) -> None:
    """After the current transaction, or now where there is none, wake workers for ``queue``.

    ``looked`` is what ``insert()`` returned; without it nobody has looked who is idle.
    """
    ring = _pending_ring(using)
    ring.queues.add(queue)
    ring.jobs += jobs
    ring.looked = min(ring.looked, looked)
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
