"""Events of workers and of the doorbell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pgjobs.events.telling import Event


@dataclass(slots=True)
class WorkerStarted(Event):
    """A worker is registered as ``worker`` and begins to claim.

    It has room for ``slots`` jobs and serves ``queues`` in this order.
    """

    worker: int
    name: str
    queues: Sequence[str]
    slots: int


@dataclass(slots=True)
class WorkerOrdered(Event):
    """A worker has read its ``order`` from the database: ``drain`` or ``restart``."""

    worker: int
    order: str


@dataclass(slots=True)
class WorkerStopping(Event):
    """A worker has stopped claiming, and lets its running jobs end."""

    worker: int


@dataclass(slots=True)
class WorkerStopped(Event):
    """A worker has signed off. ``cut_off`` of its jobs still ran and were released."""

    worker: int
    cut_off: int


@dataclass(slots=True)
class SignOffFailed(Event):
    """A stopping worker could not write its end to its row, so it will count as dead."""

    worker: int


@dataclass(slots=True)
class PoolerFound(Event):
    """A worker reaches PostgreSQL through a pooler that gives it no session of its own."""

    worker: int


@dataclass(slots=True)
class RegistryNotWritten(Event):
    """A worker could not write which job classes, queues and models it knows."""

    error: BaseException


@dataclass(slots=True)
class DatabaseAway(Event):
    """A ``part`` of a worker waits for the database: starting, claiming, recording or presence.

    Told once for each part and outage. A failure within 10 seconds of another one belongs to the
    same outage.
    """

    part: str
    error: BaseException | str


@dataclass(slots=True)
class ClaimingFailed(Event):
    """The loop of a worker failed while the database is there; it tries again.

    Told like `DatabaseAway`: once for failures that follow each other.
    """

    error: BaseException


@dataclass(slots=True)
class TablesMissing(Event):
    """A table or column of this version is missing or forbidden, so the worker ends."""

    error: BaseException


@dataclass(slots=True)
class PresenceFailed(Event):
    """The thread that sends a worker's heartbeats raised ``error``, and goes on."""

    worker: int
    error: BaseException


@dataclass(slots=True)
class PruningFailed(Event):
    """Old jobs could not be pruned, because of ``error``; the next try follows in a minute."""

    error: BaseException


@dataclass(slots=True)
class StatisticsFailed(Event):
    """Counted ends could not be merged, because of ``error``; the next try is in a minute."""

    error: BaseException


@dataclass(slots=True)
class BulkActionHalted(Event):
    """A worker could not go on with the bulk action ``action``, and tries again and again.

    Told once until it goes on.
    """

    action: int
    error: BaseException


@dataclass(slots=True)
class WorkerTakenForDead(Event):
    """A living worker found that its row ``worker`` has ended; it registers anew."""

    worker: int


@dataclass(slots=True)
class WorkerDied(Event):
    """The row of a dead worker was ended, after the last of its jobs was taken back."""

    worker: int


@dataclass(slots=True)
class WorkerStuck(Event):
    """A ``part`` of a worker has not gone on for ``seconds``.

    The part is ``claiming``, ``recording``, ``presence``, the ``watch`` over running jobs, or the
    ``slots`` after a job.

    The process tells its supervisor, which touches the liveness file no more until the part goes
    on.
    """

    part: str
    seconds: float


@dataclass(slots=True)
class FilesExhausted(Event):
    """The process of a worker may open hardly any more files, so it drains.

    Another one takes its place.
    """


@dataclass(slots=True)
class RingFailed(Event):
    """No worker that serves ``queues`` could be woken after jobs were enqueued.

    The jobs are safe: an idle worker finds them at its next look, within ``POLL_INTERVAL``.
    """

    queues: Sequence[str]
    error: BaseException
