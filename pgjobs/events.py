"""Events: each thing that happens to a job, a worker or the clock, as a value.

The engine calls ``tell(JobStarted(job))`` at the place where a job starts. The modules
``log_lines`` and ``signals`` listen. Metrics, traces and tests can listen as well. An event carries
facts and no wording.

In every event:

- ``job`` is an instance of the model ``Job``. Where the engine has no instance, ``job_id`` is the
  key of the job.
- ``worker`` is the key of a ``WorkerProcess``.
- ``child`` is the number, from 1, that a supervisor gives to one of its worker processes.
- ``error`` is the exception that was caught.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any, TypeVar


class Event:
    """The base class of all events.

    Events are not frozen, because two are made for each job: a frozen dataclass takes three times
    as long to make.
    """

    __slots__ = ()


E = TypeVar("E", bound=Event)
Listener = Callable[[Any], object]

_subscriptions: tuple[tuple[type[Event], Listener], ...] = ()
_listeners: dict[type[Event], tuple[Listener, ...]] = {}
"""The listeners of each kind of event that was told since the last change of subscriptions."""

_change = Lock()


def listen(kind: type[E], listener: Callable[[E], object]) -> Callable[[], None]:
    """Call ``listener`` with each event of ``kind`` from now on; return a function that ends this.

    A subclass of ``kind`` counts as ``kind``, so ``listen(Event, …)`` hears every event.

    The listener is called in the thread that tells the event, while the engine waits: it must be
    quick. An exception of the listener is told as `ListenerFailed`, and changes nothing.
    """
    subscription = (kind, listener)
    with _change:
        _subscribe((*_subscriptions, subscription))

    def end() -> None:
        with _change:
            _subscribe(tuple(known for known in _subscriptions if known is not subscription))

    return end


def tell(event: Event) -> None:
    """Call the listeners of ``event``, in the order in which they began to listen."""
    kind = type(event)
    listeners = _listeners.get(kind)
    if listeners is None:
        listeners = _find_listeners(kind)
    for listener in listeners:
        try:
            listener(event)
        except Exception as error:
            # If a failure to hear of a failure were told, telling could go on for ever.
            if kind is not ListenerFailed:
                tell(ListenerFailed(listener, event, error))


def _subscribe(subscriptions: tuple[tuple[type[Event], Listener], ...]) -> None:
    global _subscriptions, _listeners
    _subscriptions = subscriptions
    _listeners = {}


def _find_listeners(kind: type[Event]) -> tuple[Listener, ...]:
    # The dict is taken before the subscriptions are read. If they change meanwhile, the outdated
    # answer goes to a dict that is not in use any more.
    listeners = _listeners
    found = tuple(listener for base, listener in _subscriptions if issubclass(kind, base))
    listeners[kind] = found
    return found


# The life of a job ------------------------------------------------------------------------


@dataclass(slots=True)
class JobEnqueued(Event):
    """A job was inserted and its transaction has committed.

    Told only if the signal ``job_enqueued`` has a receiver. Not told for ``enqueue_many()``,
    immediate jobs and successors.
    """

    job: Any


@dataclass(slots=True)
class JobStarted(Event):
    """``run()`` of ``job`` is about to begin, in a worker or in the process of its caller.

    Told in the thread that runs the job. A coroutine that runs on the event loop of its worker is
    told of in the thread of the loop.
    """

    job: Any


@dataclass(slots=True)
class AttemptEnded(Event):
    """An attempt ended in a worker, after ``seconds``, with an outcome of ``status``.

    The outcome is not in the row yet, unless the job is atomic. Not told for a job that recorded
    its end itself, by ``terminate()``, or that runs in the process of its caller.
    """

    job: Any
    status: str
    seconds: float


@dataclass(slots=True)
class JobEnded(Event):
    """The end of ``job`` is committed; ``job.status`` is the status in which it finished.

    A worker tells it only for a job that has a user, or if the signal ``job_end`` has a receiver.
    Not told for a job that is cancelled while it waits, nor for a job of `ImmediateJobsLost`.
    """

    job: Any


@dataclass(slots=True)
class JobNotStarted(Event):
    """A claimed job could not start; it goes back to its queue.

    Its last chance could not be counted in its row, or the job was told to stop at this moment.
    """

    job: Any
    error: BaseException


# Stop requests ------------------------------------------------------------------------------


@dataclass(slots=True)
class StopRequested(Event):
    """A running job was told to stop; ``reason`` is the exception that is raised inside it."""

    job: Any
    reason: BaseException


@dataclass(slots=True)
class StopIgnored(Event):
    """A job still runs ``KILL_GRACE`` seconds after its stop request; its process will end."""

    job: Any


@dataclass(slots=True)
class QueryNotCancelled(Event):
    """PostgreSQL could not be asked to cancel the query of a job that was told to stop."""

    error: BaseException


# Writing to the row of a job ----------------------------------------------------------------


@dataclass(slots=True)
class OutcomeStale(Event):
    """An outcome of ``status`` was not written, because the row has moved on to another run."""

    job: Any
    status: str


@dataclass(slots=True)
class OutcomeUnstorable(Event):
    """PostgreSQL refused an outcome of ``status``; the job ended as errored instead."""

    job: Any
    status: str
    error: BaseException


@dataclass(slots=True)
class OutcomeRefused(Event):
    """PostgreSQL refuses every end of a row, which therefore stays running.

    Told once for each run of a job, although the outcome is tried again and again.
    """

    job: Any
    status: str
    error: BaseException


@dataclass(slots=True)
class OutcomeAcceptedAfterAll(Event):
    """The outcome of an earlier `OutcomeRefused` is decided: it was written, or it was stale."""

    job: Any


@dataclass(slots=True)
class OutcomeLocked(Event):
    """Another transaction holds the row of a job, so its outcome will be tried again."""

    job: Any


@dataclass(slots=True)
class LogLocked(Event):
    """Another transaction holds the row of a job, so its log lines and progress wait."""

    job_id: int


@dataclass(slots=True)
class NoteLost(Event):
    """PostgreSQL refused a log line or a progress of a job; it is dropped."""

    job_id: int
    error: BaseException


# Rescue -------------------------------------------------------------------------------------


@dataclass(slots=True)
class JobTakenBack(Event):
    """The row of a job that ``worker`` lost was set to ``status``, in a transaction still open.

    The worker is dead, or it lives and does not know the job because the answer to its claim was
    lost.
    """

    job_id: int
    worker: int
    status: str


@dataclass(slots=True)
class JobRescued(Event):
    """A lost job was taken back, and this is committed; ``job`` was read after the commit."""

    job: Any


@dataclass(slots=True)
class RescueRefused(Event):
    """PostgreSQL refuses to take back a lost job, which therefore stays running.

    Told once for each job, although the rescue is tried again each second.
    """

    job_id: int
    error: BaseException


@dataclass(slots=True)
class ImmediateJobsLost(Event):
    """The process died that ran a job outside any worker; ``count`` such jobs ended as errored."""

    count: int


# The project's own code -----------------------------------------------------------------------


@dataclass(slots=True)
class ReceiverFailed(Event):
    """A receiver of a signal raised ``error``."""

    receiver: object
    job: Any
    error: BaseException


@dataclass(slots=True)
class NotifierFailed(Event):
    """The function of ``PGJOBS["NOTIFIER"]`` could not be imported, or it raised ``error``."""

    job: Any
    error: BaseException


@dataclass(slots=True)
class NotifiedByLog(Event):
    """The user of ``job`` was to be notified, and the project has no notifier but the log."""

    job: Any


@dataclass(slots=True)
class AnnouncementFailed(Event):
    """The end of a job could not be announced: neither signal nor notification is certain."""

    job: Any
    error: BaseException


@dataclass(slots=True)
class ListenerFailed(Event):
    """A listener raised ``error`` when it was told ``event``."""

    listener: object
    event: Event
    error: BaseException


# The life of a worker -------------------------------------------------------------------------


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
class DatabaseAway(Event):
    """A ``part`` of a worker waits for the database: starting, claiming, recording or presence.

    Told once for each part and outage. A failure within 10 seconds of another one belongs to the
    same outage.
    """

    part: str
    error: BaseException | str


@dataclass(slots=True)
class TablesMissing(Event):
    """A table or column of this version is missing, so the worker ends."""


@dataclass(slots=True)
class PresenceFailed(Event):
    """The thread that sends a worker's heartbeats raised ``error``, and goes on."""

    worker: int
    error: BaseException


@dataclass(slots=True)
class WorkerTakenForDead(Event):
    """A living worker found that its row ``worker`` has ended; it registers anew."""

    worker: int


@dataclass(slots=True)
class WorkerDied(Event):
    """The row of a dead worker was ended, after the last of its jobs was taken back."""

    worker: int


# The supervisor -------------------------------------------------------------------------------


@dataclass(slots=True)
class QueuesUnserved(Event):
    """A worker starts for the default queues, ``served``, while ``unserved`` queues exist too."""

    served: Sequence[str]
    unserved: Sequence[str]


@dataclass(slots=True)
class ChildEnded(Event):
    """A worker process ended with ``code``; another one starts in ``delay`` seconds.

    A negative code is the number of the signal that killed the process.
    """

    child: int
    code: int
    delay: float


@dataclass(slots=True)
class ChildSilent(Event):
    """A worker process has given no sign of life for too long, and is killed."""

    child: int
    pid: int


@dataclass(slots=True)
class ChildrenKilled(Event):
    """Worker processes did not end within the shutdown timeout, and are killed."""


# The clock ------------------------------------------------------------------------------------


@dataclass(slots=True)
class ScheduleFired(Event):
    """A due time of the system job ``job_class`` came; the next one is ``next_run``.

    ``job`` was enqueued, or it is the previous run if that is still live. The transaction is still
    open.
    """

    job_class: str
    job: Any
    next_run: datetime


@dataclass(slots=True)
class ScheduleNotFired(Event):
    """A system job could not be enqueued at its due time; it waits for the next one."""

    job_class: str
    error: BaseException


@dataclass(slots=True)
class ScheduleOff(Event):
    """A schedule is switched off, because this process does not know its job class."""

    job_class: str


@dataclass(slots=True)
class TickFailed(Event):
    """A tick of the clock lost the database; ``tick`` is its time in seconds since 1970."""

    tick: int
    error: BaseException


@dataclass(slots=True)
class ProcrastinateWorkerLost(Event):
    """A procrastinate worker raised ``error``, and is started again; ``name`` is its thread's."""

    name: str
    error: BaseException


# The doorbell ---------------------------------------------------------------------------------


@dataclass(slots=True)
class RingFailed(Event):
    """No worker that serves ``queues`` could be woken after jobs were enqueued.

    The jobs are safe: an idle worker finds them at its next look, within ``POLL_INTERVAL``.
    """

    queues: Sequence[str]
    error: BaseException
