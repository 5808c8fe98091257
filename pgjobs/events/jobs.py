"""Events in the life of a job: its start, its end, stop requests, rescue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pgjobs.events.telling import Event


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
class AttemptErrored(Event):
    """``error`` left ``run()``, and the job will be tried again, or asked for it too often.

    ``status`` is that of the outcome. Told in a worker and in the process of a caller, but not for
    an exception that makes the job failed, cancelled or snoozed.
    """

    job: Any
    status: str
    error: BaseException
    cut_traceback: str = ""
    """The traceback of ``error`` if it is longer than ``MAX_TEXT_SIZE``; its middle is left out."""


@dataclass(slots=True)
class JobErrored(Event):
    """``error`` left ``run()`` in the last attempt, so ``job`` ends as errored.

    Told like `AttemptErrored`. Not told for a job that is given up because its workers died.
    """

    job: Any
    error: BaseException
    cut_traceback: str = ""


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

    Its last chance could not be counted in its row, or the job was told to stop at this moment; or
    the job is heavy, and the database was away when its slot wanted to read its arguments.
    """

    job: Any
    error: BaseException


@dataclass(slots=True)
class JobUnreadable(Event):
    """The row of a claimed job can't be read, for example because Python can't hold a value in it.

    The job ends as errored.
    """

    job: Any
    error: BaseException


@dataclass(slots=True)
class ClaimRefused(Event):
    """PostgreSQL refuses to claim a job, or to make a due job pending. It is tried again.

    Told once for each job, although the claim is tried again each second.
    """

    job_id: int
    error: BaseException


@dataclass(slots=True)
class WaitingJobErrored(Event):
    """A job that could not be claimed ended as errored."""

    job_id: int
    error: BaseException


@dataclass(slots=True)
class WaitingJobStuck(Event):
    """PostgreSQL refuses to claim a job, and to end it. The job stays waiting; told once."""

    job_id: int
    error: BaseException


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


@dataclass(slots=True)
class ConnectionBroken(Event):
    """A connection of Django that a job has used could not be tidied up; Django makes a new one."""

    alias: str
    error: BaseException


@dataclass(slots=True)
class JobProcessLost(Event):
    """The process of an isolated job was killed, and not by its worker: an interruption."""

    job: Any


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
