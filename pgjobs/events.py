"""What happened, told once: log lines and signals listen, and so can metrics, traces and tests.

The engine calls ``tell(SomethingHappened(…))`` where it happened. A listener is called in that
thread, at that moment: it must be quick, and its exceptions are logged and change nothing.
A field ``job`` is an instance of the model ``Job``; ``job_id`` is its key where the engine has not
loaded it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar


class Event:
    """One thing that happened.

    Not frozen: two events are made for each job, and a frozen one takes three times as long.
    """

    __slots__ = ()


E = TypeVar("E", bound=Event)
Listener = Callable[[Any], object]

_listeners: dict[type[Event], list[Listener]] = {}
_heard: dict[type[Event], tuple[Listener, ...]] = {}


def listen(kind: type[E], listener: Callable[[E], object]) -> Callable[[], None]:
    """Call ``listener`` once for each event of ``kind``, or for all if ``kind`` is ``Event``.

    Return a function that ends it.
    """
    listeners = _listeners.setdefault(kind, [])
    if listener not in listeners:
        listeners.append(listener)
    _heard.clear()

    def stop() -> None:
        _listeners[kind].remove(listener)
        _heard.clear()

    return stop


def tell(event: Event) -> None:
    """Pass ``event`` to its listeners."""
    for listener in _heard.get(type(event)) or _find_listeners(type(event)):
        try:
            listener(event)
        except Exception:
            logging.getLogger("pgjobs.events").exception("a listener failed on %r", event)


def _find_listeners(kind: type[Event]) -> tuple[Listener, ...]:
    found = tuple(
        listener
        for of, listeners in list(_listeners.items())
        if issubclass(kind, of)
        for listener in listeners
    )
    _heard[kind] = found
    return found


# The life of a job ------------------------------------------------------------------------


@dataclass(slots=True)
class JobEnqueued(Event):
    """A job was inserted and its transaction committed. Not told by ``enqueue_many()``."""

    job: Any


@dataclass(slots=True)
class JobStarted(Event):
    """``run()`` is about to begin, in the thread that will run it."""

    job: Any


@dataclass(slots=True)
class AttemptEnded(Event):
    """An attempt ran for ``seconds`` and came to ``status``, which is not written yet."""

    job: Any
    status: str
    seconds: float


@dataclass(slots=True)
class JobEnded(Event):
    """The end of a job is committed; ``job.status`` tells which."""

    job: Any


@dataclass(slots=True)
class JobRescued(Event):
    """A dead worker's job is pending again, or errored; that is committed."""

    job: Any


@dataclass(slots=True)
class JobTakenBack(Event):
    """The row of a lost worker's job was set to ``status``; its transaction is still open."""

    job_id: int
    worker: int
    status: str


@dataclass(slots=True)
class JobNotStarted(Event):
    """A claimed job goes back to its queue because its start failed."""

    job: Any
    error: BaseException


@dataclass(slots=True)
class StopRequested(Event):
    """A running job was told to stop."""

    job: Any
    reason: BaseException


@dataclass(slots=True)
class StopIgnored(Event):
    """A job ran on after its stop request, past the grace; its process ends."""

    job: Any


@dataclass(slots=True)
class QueryNotCancelled(Event):
    """The query that a job waits for could not be cancelled."""

    error: BaseException


# Writing to its row -----------------------------------------------------------------------


@dataclass(slots=True)
class OutcomeStale(Event):
    """An outcome was refused because the row has moved on."""

    job: Any
    status: str


@dataclass(slots=True)
class OutcomeUnstorable(Event):
    """PostgreSQL refused an outcome; the job was ended as errored instead."""

    job: Any
    status: str
    error: BaseException


@dataclass(slots=True)
class OutcomeRefused(Event):
    """PostgreSQL refuses any end of this row, which stays running; told once per job."""

    job: Any
    status: str
    error: BaseException


@dataclass(slots=True)
class OutcomeAcceptedAfterAll(Event):
    """The row of an ``OutcomeRefused`` took its outcome."""

    job: Any


@dataclass(slots=True)
class OutcomeLocked(Event):
    """Another transaction holds the row, so that its outcome is tried again."""

    job: Any


@dataclass(slots=True)
class LogLocked(Event):
    """Another transaction holds the row, so that its log lines wait."""

    job_id: int


@dataclass(slots=True)
class NoteLost(Event):
    """A log line or a progress could not be stored."""

    job_id: int
    error: BaseException


@dataclass(slots=True)
class RescueRefused(Event):
    """PostgreSQL refuses to take back a lost job; told once per job."""

    job_id: int
    error: BaseException


@dataclass(slots=True)
class ImmediateJobsLost(Event):
    """The processes of ``count`` jobs that ran outside any worker have died."""

    count: int


# Telling the project ------------------------------------------------------------------------


@dataclass(slots=True)
class ReceiverFailed(Event):
    """A receiver of a signal raised."""

    receiver: object
    job: Any
    error: BaseException


@dataclass(slots=True)
class NotifierFailed(Event):
    """``PGJOBS["NOTIFIER"]`` raised."""

    job: Any
    error: BaseException


@dataclass(slots=True)
class AnnouncementFailed(Event):
    """The end of a job could not be announced."""

    job: Any
    error: BaseException


@dataclass(slots=True)
class RingFailed(Event):
    """No idle worker could be woken; idle workers look for themselves every second or so."""

    queues: Sequence[str]
    error: BaseException


# Workers ------------------------------------------------------------------------------------


@dataclass(slots=True)
class WorkerStarted(Event):
    worker: int
    name: str
    queues: Sequence[str]
    slots: int


@dataclass(slots=True)
class WorkerStopping(Event):
    worker: int


@dataclass(slots=True)
class WorkerStopped(Event):
    """``cut_off`` counts the jobs that were still running and went back to their queues."""

    worker: int
    cut_off: int


@dataclass(slots=True)
class DatabaseAway(Event):
    """A part of a worker waits for the database; told once per outage and part."""

    part: str
    error: BaseException | str


@dataclass(slots=True)
class TablesMissing(Event):
    """The tables are not those of this version; the worker ends."""


@dataclass(slots=True)
class PoolerFound(Event):
    """The worker reaches PostgreSQL through a pooler that hands out sessions by the transaction."""

    worker: int


@dataclass(slots=True)
class PresenceFailed(Event):
    """The thread that proves a worker's life met a fault of its own, and goes on."""

    worker: int
    error: BaseException


@dataclass(slots=True)
class WorkerTakenForDead(Event):
    """A living worker found its row ended, and goes on under a new identity."""

    worker: int


@dataclass(slots=True)
class SignOffFailed(Event):
    worker: int


@dataclass(slots=True)
class WorkerDied(Event):
    """A dead worker's row was ended, after the last of its jobs."""

    worker: int


@dataclass(slots=True)
class QueuesUnserved(Event):
    """The supervisor starts with ``served`` alone, and ``unserved`` queues exist."""

    served: Sequence[str]
    unserved: Sequence[str]


@dataclass(slots=True)
class ChildEnded(Event):
    """A worker process ended; another one is started in ``delay`` seconds."""

    child: int
    code: int
    delay: float


@dataclass(slots=True)
class ChildSilent(Event):
    """A worker process gave no sign of life and is killed."""

    child: int
    pid: int


@dataclass(slots=True)
class ChildrenKilled(Event):
    """Worker processes did not end within the shutdown timeout and are killed."""


# The clock ----------------------------------------------------------------------------------


@dataclass(slots=True)
class ScheduleFired(Event):
    job_class: str
    job: Any
    next_run: datetime


@dataclass(slots=True)
class ScheduleNotFired(Event):
    """A schedule could not be fired; it waits for its next due time."""

    job_class: str
    error: BaseException


@dataclass(slots=True)
class ScheduleOff(Event):
    """A schedule was switched off because its job class is gone."""

    job_class: str


@dataclass(slots=True)
class TickFailed(Event):
    """A tick lost the database."""

    tick: int
    error: BaseException


@dataclass(slots=True)
class ProcrastinateWorkerLost(Event):
    """A procrastinate worker ended by an exception, and is started again."""

    name: str
    error: BaseException
