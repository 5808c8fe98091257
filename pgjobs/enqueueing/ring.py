"""Waking idle workers once the enqueuing transaction has committed.

A ring is a round trip of its own, and in a busy cluster it finds no idle worker. So each INSERT
checks whether a worker is idle. If it saw none, and its transaction ends within
``SHORT_TRANSACTION`` seconds, no ring is sent. A worker that went idle in between looks for jobs
once more after a longer time than that, and finds the job.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from django.db import DatabaseError, connections, transaction

from pgjobs import events
from pgjobs.conf import get_settings
from pgjobs.enqueueing.wake import wake_idle_workers
from pgjobs.rows.commit import is_in_transaction

SHORT_TRANSACTION: Final = 0.03
"""Seconds from an INSERT to the end of its transaction in which a worker may go idle unseen."""


class IdleCheck(NamedTuple):
    """The result of the look for idle workers that an INSERT makes in its queue."""

    at: float
    """The ``time.monotonic()`` just before the INSERT."""
    must_ring: bool
    """Whether the INSERT saw an idle worker, or could not tell because its snapshot is older."""


@dataclass
class Ring:
    """Wakes at most one idle worker for each job that a transaction enqueued."""

    using: str
    queues: set[str] = field(default_factory=set)
    jobs: int = 0
    must_ring: bool = False
    checked_at: float = math.inf
    """The ``time.monotonic()`` of the first check that found no idle worker."""

    def add(self, queue: str, jobs: int, check: IdleCheck | None) -> None:
        """Ring for ``jobs`` more jobs in ``queue``; without a ``check``, ring in any case."""
        self.queues.add(queue)
        self.jobs += jobs
        if check is None or check.must_ring:
            self.must_ring = True
        else:
            self.checked_at = min(self.checked_at, check.at)

    def __call__(self) -> None:
        """Send the ring if a worker may be idle."""
        if not self.must_ring and time.monotonic() - self.checked_at < SHORT_TRANSACTION:
            return
        try:
            with connections[self.using].cursor() as cursor:
                wake_idle_workers(cursor, self.queues, workers=self.jobs)
        except DatabaseError as error:
            # The jobs are committed, and an idle worker looks for itself every second or so. So the
            # caller must not see an error.
            events.tell(events.RingFailed(sorted(self.queues), error))


def ring_on_commit(
    using: str, queue: str, *, jobs: int = 1, check: IdleCheck | None = None
) -> None:
    """Wake idle workers for ``queue`` after the current transaction, or now if there is none.

    ``check`` is the look for idle workers that the INSERT made. Without it, the ring is sent in any
    case.

    No ring is sent in a transaction that the caller ends by hand: the next round finds the job. A
    ring before the commit would hold idle workers back from other jobs until then.

    Nothing waits for the commit if ``PGJOBS["MODE"]`` says that no worker is to be woken.
    """
    if get_settings().MODE != "worker":
        return
    ring = _pending_ring(using)
    ring.add(queue, jobs, check)
    if not is_in_transaction(using):
        ring()


def _pending_ring(using: str) -> Ring:
    """Return the ring that waits for the end of the innermost savepoint, or a new ring.

    With one ring for each savepoint, a loop that enqueues a thousand jobs in one
    transaction rings once. A ring of an outer savepoint must not be shared: if the inner
    savepoint is rolled back, its jobs are gone. A ring of an inner one must not be shared
    either: it would be dropped together with the inner savepoint.
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
