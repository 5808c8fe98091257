"""The wording of every log line of the engine: one line per event."""

from __future__ import annotations

import logging
from collections.abc import Callable
from logging import CRITICAL, ERROR, INFO, WARNING
from operator import attrgetter
from typing import Any, Final, NamedTuple

from pgjobs import events

WORKER: Final = logging.getLogger("pgjobs.worker")
CLOCK: Final = logging.getLogger("pgjobs.clock")
DOORBELL: Final = logging.getLogger("pgjobs.doorbell")
SIGNALS: Final = logging.getLogger("pgjobs.signals")
NOTIFICATIONS: Final = logging.getLogger("pgjobs.notifications")


class Line(NamedTuple):
    """How one kind of event is logged."""

    logger: logging.Logger
    level: int
    text: str
    arguments: Callable[[Any], tuple[object, ...]]
    has_traceback: bool = False


def line(
    logger: logging.Logger, level: int, text: str, *names: str, has_traceback: bool = False
) -> Line:
    """Return a line whose ``%s`` are filled with the attributes ``names`` of the event."""
    return Line(logger, level, text, _getter(names), has_traceback)


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[object, ...]]:
    if not names:
        return lambda event: ()
    get = attrgetter(*names)
    return get if len(names) > 1 else lambda event: (get(event),)


_REFUSING: Final = (
    "Look for a trigger, policy or constraint on pgjobs_job and mend it: this is tried again until "
    "the row accepts it"
)

LINES: Final[dict[type[events.Event], Line]] = {
    # The life of a job
    events.JobStarted: line(
        WORKER, INFO, "job=%s class=%s attempt=%s start", "job.id", "job.job_class", "job.attempt"
    ),
    events.AttemptEnded: line(
        WORKER, INFO, "job=%s class=%s %s in %.3f s", "job.id", "job.job_class", "status", "seconds"
    ),
    events.JobTakenBack: line(
        WORKER, WARNING, "job=%s rescued from worker=%s: %s", "job_id", "worker", "status"
    ),
    events.JobNotStarted: line(
        WORKER, WARNING, "job=%s goes back, not started: %s", "job.id", "error"
    ),
    events.StopRequested: line(WORKER, WARNING, "job=%s told to stop: %s", "job.id", "reason"),
    events.StopIgnored: line(
        WORKER, ERROR, "job=%s does not stop when told to; ending this process", "job.id"
    ),
    events.QueryNotCancelled: line(WORKER, WARNING, "cancelling a query failed: %s", "error"),
    # Writing to its row
    events.OutcomeStale: line(
        WORKER,
        WARNING,
        "job=%s epoch=%s %s refused: the row has moved on",
        "job.id",
        "job.epoch",
        "status",
    ),
    events.OutcomeUnstorable: line(
        WORKER, ERROR, "job=%s %s could not be stored: %s", "job.id", "status", "error"
    ),
    events.OutcomeRefused: line(
        WORKER,
        CRITICAL,
        "job=%s has ended (%s), but PostgreSQL refuses to store any end of it, so its row stays "
        f"running. {_REFUSING} or this worker ends; then the job runs again. PostgreSQL said: %s",
        "job.id",
        "status",
        "error",
    ),
    events.OutcomeAcceptedAfterAll: line(WORKER, WARNING, "job=%s is written after all", "job.id"),
    events.OutcomeLocked: line(
        WORKER, WARNING, "job=%s is locked by another transaction, trying again", "job.id"
    ),
    events.LogLocked: line(
        WORKER, WARNING, "job=%s is locked by another transaction, its log waits", "job_id"
    ),
    events.NoteLost: line(
        WORKER, ERROR, "job=%s one of its notes could not be stored: %s", "job_id", "error"
    ),
    events.RescueRefused: line(
        WORKER,
        CRITICAL,
        "job=%s lost its process, but PostgreSQL refuses to take it back, so its row stays "
        f"running. {_REFUSING}. PostgreSQL said: %s",
        "job_id",
        "error",
    ),
    events.ImmediateJobsLost: line(
        WORKER, WARNING, "%s immediate jobs lost their process", "count"
    ),
    # Telling the project
    events.ReceiverFailed: line(
        SIGNALS, ERROR, "receiver=%r job=%s raised", "receiver", "job.pk", has_traceback=True
    ),
    events.NotifierFailed: line(
        NOTIFICATIONS,
        ERROR,
        "notifying user=%s of job=%s failed",
        "job.user_id",
        "job.pk",
        has_traceback=True,
    ),
    events.AnnouncementFailed: line(
        WORKER, ERROR, "announcing the end of job=%s failed", "job.id", has_traceback=True
    ),
    events.RingFailed: line(
        DOORBELL, WARNING, "ringing for queues=%s failed", "queues", has_traceback=True
    ),
    # Workers
    events.WorkerStarted: Line(
        WORKER,
        INFO,
        "worker=%s name=%s started: queues=%s slots=%s",
        lambda event: (event.worker, event.name, ",".join(event.queues), event.slots),
    ),
    events.WorkerStopping: line(WORKER, INFO, "worker=%s stopping", "worker"),
    events.WorkerStopped: line(
        WORKER, INFO, "worker=%s stopped, %s jobs cut off", "worker", "cut_off"
    ),
    events.DatabaseAway: line(WORKER, WARNING, "%s waits for the database: %s", "part", "error"),
    events.TablesMissing: line(
        WORKER, CRITICAL, "The tables are not those of this version: run manage.py migrate."
    ),
    events.PoolerFound: line(
        WORKER,
        WARNING,
        "worker=%s reaches PostgreSQL through a pooler: it polls instead of listening, and only "
        'its heartbeat proves that it lives. PGJOBS["DIRECT_DATABASE"] can name a way past the '
        "pooler.",
        "worker",
    ),
    events.PresenceFailed: line(
        WORKER, ERROR, "worker=%s presence failed, going on", "worker", has_traceback=True
    ),
    events.WorkerTakenForDead: line(
        WORKER, WARNING, "worker=%s was taken for dead; going on as a new one", "worker"
    ),
    events.SignOffFailed: line(
        WORKER, WARNING, "worker=%s could not sign off; others will notice", "worker"
    ),
    events.WorkerDied: line(
        WORKER, WARNING, "worker=%s is dead; its jobs are back in their queues", "worker"
    ),
    events.QueuesUnserved: Line(
        WORKER,
        WARNING,
        "This worker serves %s only. Name these queues for a worker to serve them: %s",
        lambda event: (", ".join(event.served), " ".join(event.unserved)),
    ),
    events.ChildEnded: line(
        WORKER,
        WARNING,
        "child=%s ended with %s; starting another in %.1f s",
        "child",
        "code",
        "delay",
    ),
    events.ChildSilent: line(WORKER, ERROR, "child=%s pid=%s gave no sign of life", "child", "pid"),
    events.ChildrenKilled: line(WORKER, ERROR, "children did not end in time; killing them"),
    # The clock
    events.ScheduleFired: line(
        CLOCK, INFO, "schedule=%s job=%s next=%s", "job_class", "job.pk", "next_run"
    ),
    events.ScheduleNotFired: line(
        CLOCK, ERROR, "schedule=%s could not be fired", "job_class", has_traceback=True
    ),
    events.ScheduleOff: line(
        CLOCK, WARNING, "schedule=%s is switched off: its job class is gone", "job_class"
    ),
    events.TickFailed: line(CLOCK, WARNING, "tick=%s lost the database: %s", "tick", "error"),
    events.ProcrastinateWorkerLost: line(
        CLOCK, WARNING, "%s lost its worker, starting it again: %s", "name", "error"
    ),
}


def write(event: events.Event) -> None:
    """Log ``event``, if it has a line and its level is on."""
    found = LINES.get(type(event))
    if found is None or not found.logger.isEnabledFor(found.level):
        return
    error = getattr(event, "error", None) if found.has_traceback else None
    found.logger.log(found.level, found.text, *found.arguments(event), exc_info=error)


def start() -> None:
    """Write a line for each event from now on; said again, it changes nothing."""
    events.listen(events.Event, write)
