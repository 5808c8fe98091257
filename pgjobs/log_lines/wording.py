"""The wording, level and logger of every log line of the engine: one line for each kind of event.

The lines that jobs write with ``self.logger`` are not of the engine; see ``pgjobs.rows.notes``.
"""

from __future__ import annotations

import logging
from logging import CRITICAL, ERROR, INFO, WARNING
from typing import Final

from pgjobs import events
from pgjobs.log_lines.line import Line, line, shortened

WORKER: Final = logging.getLogger("pgjobs.worker")
CLOCK: Final = logging.getLogger("pgjobs.clock")
DOORBELL: Final = logging.getLogger("pgjobs.doorbell")
SIGNALS: Final = logging.getLogger("pgjobs.signals")
NOTIFICATIONS: Final = logging.getLogger("pgjobs.notifications")
ALERTS: Final = logging.getLogger("pgjobs.alerts")
EVENTS: Final = logging.getLogger("pgjobs.events")

_REFUSING: Final = (
    "Look for a trigger, policy or constraint on pgjobs_job and mend it: this is tried again until "
    "the row accepts it"
)


LINES: Final[dict[type[events.Event], Line]] = {
    # The life of a job
    events.JobStarted: line(
        WORKER, INFO, "job={job.id} class={job.job_class} attempt={job.attempt} start"
    ),
    events.AttemptEnded: line(
        WORKER, INFO, "job={job.id} class={job.job_class} {status} in {seconds:.3f} s"
    ),
    events.AttemptErrored: line(
        WORKER,
        WARNING,
        "job={job.id} class={job.job_class} attempt={job.attempt} raised; the job is {status}",
        has_traceback=True,
    ),
    events.JobErrored: line(
        WORKER,
        ERROR,
        "job={job.id} class={job.job_class} attempt={job.attempt} raised; the job is errored",
        has_traceback=True,
    ),
    events.JobNotStarted: line(
        WORKER, WARNING, "job={job.id} could not start and goes back to its queue: {error}"
    ),
    events.JobUnreadable: line(WORKER, ERROR, "job={job.id} ends as errored: {error}"),
    events.ClaimRefused: line(
        WORKER, WARNING, "job={job_id} can't be claimed, trying again: {error}"
    ),
    events.WaitingJobErrored: line(
        WORKER, ERROR, "job={job_id} ended as errored because it can't be claimed: {error}"
    ),
    events.WaitingJobStuck: line(
        WORKER,
        CRITICAL,
        "job={job_id} can't be claimed, and PostgreSQL refuses to store that it errored, so it "
        f"stays waiting. {_REFUSING}. PostgreSQL said: {{error}}",
    ),
    # Stop requests
    events.StopRequested: line(WORKER, WARNING, "job={job.id} told to stop: {reason}"),
    events.StopIgnored: line(
        WORKER, ERROR, "job={job.id} was told to stop and still runs; its process ends now"
    ),
    events.JobProcessLost: line(WORKER, WARNING, "job={job.id} lost its process by SIGKILL"),
    events.QueryNotCancelled: line(
        WORKER, WARNING, "the query of a job that was told to stop was not cancelled: {error}"
    ),
    events.ConnectionBroken: line(WORKER, WARNING, "connection to {alias!r} is broken: {error}"),
    # Writing to the row of a job
    events.OutcomeStale: line(
        WORKER, WARNING, "job={job.id} epoch={job.epoch} {status} refused: the row has moved on"
    ),
    events.OutcomeUnstorable: line(
        WORKER, ERROR, "job={job.id} {status} could not be stored: {error}"
    ),
    events.SuccessorLost: line(
        WORKER,
        ERROR,
        "job={job_id} does not recur any more: its successor could not be inserted: {error}",
    ),
    events.OutcomeRefused: line(
        WORKER,
        CRITICAL,
        "job={job.id} has ended ({status}), but PostgreSQL refuses to store any end of it, so its "
        f"row stays running. {_REFUSING} or this worker ends; then the job runs again. "
        "PostgreSQL said: {error}",
    ),
    events.OutcomeAcceptedAfterAll: line(WORKER, WARNING, "job={job.id} is written after all"),
    events.OutcomeLocked: line(
        WORKER, WARNING, "job={job.id} is locked by another transaction, trying again"
    ),
    events.LogLocked: line(
        WORKER, WARNING, "job={job_id} is locked by another transaction, its log waits"
    ),
    events.NoteLost: line(
        WORKER, ERROR, "job={job_id} lost a log line or a progress, which was refused: {error}"
    ),
    events.JobsNotPruned: Line(
        WORKER,
        WARNING,
        "%d finished jobs can't be deleted and stay: %s. Look for a foreign key or a trigger on "
        "pgjobs_job. PostgreSQL said: %s",
        lambda event: (len(event.jobs), shortened(event.jobs), event.error),
    ),
    # Rescue
    events.JobTakenBack: line(
        WORKER, WARNING, "job={job_id} rescued from worker={worker}: {status}"
    ),
    events.RescueRefused: line(
        WORKER,
        CRITICAL,
        "job={job_id} lost its process, but PostgreSQL refuses to take it back, so its row stays "
        f"running. {_REFUSING}. PostgreSQL said: {{error}}",
    ),
    events.ImmediateJobsLost: line(
        WORKER, WARNING, "{count} immediate jobs errored because their process died"
    ),
    # The project's own code
    events.ReceiverFailed: line(
        SIGNALS, ERROR, "receiver={receiver!r} job={job.pk} raised", has_traceback=True
    ),
    events.NotifierFailed: line(
        NOTIFICATIONS,
        ERROR,
        "notifying user={job.user_id} of job={job.pk} failed",
        has_traceback=True,
    ),
    events.NotifiedByLog: line(
        NOTIFICATIONS, INFO, "user={job.user_id} job={job.pk} name={job.name!r} ended {job.status}"
    ),
    events.AnnouncementFailed: line(
        WORKER, ERROR, "announcing the end of job={job.id} failed", has_traceback=True
    ),
    # Alerts
    events.AlertRaised: line(
        ALERTS, WARNING, "alert={alert.kind} subject={alert.subject} raised: {alert.message}"
    ),
    events.AlertCleared: line(
        ALERTS, WARNING, "alert={alert.kind} subject={alert.subject} cleared"
    ),
    events.AlertNotTold: line(
        ALERTS,
        ERROR,
        "notifying of alert={alert.kind} subject={alert.subject} failed, trying again",
        has_traceback=True,
    ),
    events.AlertsFailed: line(
        ALERTS, WARNING, "looking for alerts failed, trying again in a minute: {error}"
    ),
    events.TracerFailed: line(EVENTS, ERROR, "tracer={tracer!r} raised", has_traceback=True),
    events.ListenerFailed: Line(
        EVENTS,
        ERROR,
        "listener=%r raised when it was told %s",
        lambda event: (event.listener, type(event.event).__name__),
        has_traceback=True,
    ),
    # The life of a worker
    events.WorkerStarted: Line(
        WORKER,
        INFO,
        "worker=%s name=%s started: queues=%s slots=%s",
        lambda event: (event.worker, event.name, ",".join(event.queues), event.slots),
    ),
    events.WorkerOrdered: line(WORKER, INFO, "worker={worker} was ordered to {order}"),
    events.WorkerStopping: line(WORKER, INFO, "worker={worker} stopping"),
    events.WorkerStopped: line(WORKER, INFO, "worker={worker} stopped, {cut_off} jobs cut off"),
    events.SignOffFailed: line(
        WORKER, WARNING, "worker={worker} could not sign off; other workers will find it dead"
    ),
    events.PoolerFound: line(
        WORKER,
        WARNING,
        "worker={worker} reaches PostgreSQL through a pooler: it polls instead of listening, and "
        'only its heartbeat proves that it lives. PGJOBS["DIRECT_DATABASE"] can name a way past '
        "the pooler.",
    ),
    events.RegistryNotWritten: line(
        WORKER, WARNING, "functions in SQL may not know this worker's job classes: {error}"
    ),
    events.DatabaseAway: line(WORKER, WARNING, "{part} waits for the database: {error}"),
    events.ClaimingFailed: line(WORKER, ERROR, "claiming failed, trying again: {error}"),
    events.TablesMissing: line(
        WORKER,
        CRITICAL,
        "The tables are not those of this version, or the worker's role may not use them: run "
        "manage.py migrate, or grant the rights. PostgreSQL said: {error}",
    ),
    events.PresenceFailed: line(
        WORKER, ERROR, "worker={worker} presence failed, going on", has_traceback=True
    ),
    events.WorkerStuck: line(
        WORKER,
        ERROR,
        "{part} has not gone on for {seconds:.0f} s. Until it does, the liveness file is not "
        "touched. Look in pg_stat_activity for a session with an application_name of pgjobs that "
        "waits for a lock.",
    ),
    events.PruningFailed: line(
        WORKER, WARNING, "pruning failed, trying again in a minute: {error}"
    ),
    events.StatisticsFailed: line(
        WORKER, WARNING, "statistics were not merged, trying again in a minute: {error}"
    ),
    events.BulkActionHalted: line(
        WORKER, WARNING, "action={action} of the journal halted, trying again: {error}"
    ),
    events.WorkerTakenForDead: line(
        WORKER, WARNING, "worker={worker} was taken for dead; going on as a new one"
    ),
    events.WorkerDied: line(WORKER, WARNING, "worker={worker} is dead; its jobs were taken back"),
    # The supervisor
    events.QueuesUnserved: Line(
        WORKER,
        WARNING,
        "This worker serves %s only. Name these queues for a worker to serve them: %s",
        lambda event: (", ".join(event.served), " ".join(event.unserved)),
    ),
    events.CodeChanged: line(WORKER, INFO, "{path} changed: its processes are replaced"),
    events.ChildEnded: Line(
        WORKER,
        WARNING,
        "child=%s ended with %s%s; starting another in %.1f s",
        lambda event: (
            event.child,
            event.code,
            f", saying: {event.reason}" if event.reason else "",
            event.delay,
        ),
    ),
    events.ChildNotStarted: line(
        WORKER, ERROR, "child={child} could not be started, trying again in {delay:.1f} s: {error}"
    ),
    events.LivenessFileFailed: line(
        WORKER,
        ERROR,
        "the liveness file {path} can't be touched, so health checks will fail: {error}",
    ),
    events.ChildSilent: line(
        WORKER, ERROR, "child={child} pid={pid} gave no sign of life; killing it"
    ),
    events.ChildrenKilled: line(WORKER, ERROR, "children did not end in time; killing them"),
    # The clock
    events.ScheduleFired: line(CLOCK, INFO, "schedule={job_class} job={job.pk} next={next_run}"),
    events.ScheduleNotFired: line(
        CLOCK, ERROR, "schedule={job_class} could not be fired", has_traceback=True
    ),
    events.ScheduleOff: line(CLOCK, WARNING, "schedule={job_class} is off: its class is gone"),
    events.ScheduleEditDropped: line(CLOCK, WARNING, "schedule={job_class} lost its edited rule"),
    events.ScheduleRefused: line(
        CLOCK, ERROR, "schedule={job_class}: a trigger or a policy refuses its change: {error}"
    ),
    events.TickFailed: line(CLOCK, WARNING, "tick={tick} lost the database: {error}"),
    events.ProcrastinateWorkerLost: line(
        CLOCK, WARNING, "{name} lost its worker, starting it again: {error}"
    ),
    # The doorbell
    events.RingFailed: line(
        DOORBELL, WARNING, "ringing for queues={queues} failed", has_traceback=True
    ),
}

SILENT: Final[frozenset[type[events.Event]]] = frozenset(
    {events.JobEnqueued, events.JobEnded, events.JobRescued}
)
"""The kinds of events that have no line. Signals are sent for them. In the log of a worker
`AttemptEnded` stands for the end of a job, and `JobTakenBack` for a rescue."""
