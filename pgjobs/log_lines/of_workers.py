"""The lines about workers, supervisors, the clock and the doorbell."""

from __future__ import annotations

import logging
from logging import CRITICAL, ERROR, INFO, WARNING
from typing import Final

from pgjobs import events
from pgjobs.log_lines.line import Line, line

WORKER: Final = logging.getLogger("pgjobs.worker")
CLOCK: Final = logging.getLogger("pgjobs.clock")
DOORBELL: Final = logging.getLogger("pgjobs.doorbell")


LINES: Final[dict[type[events.Event], Line]] = {
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
        "waits, and for a log handler that does not return.",
    ),
    events.FilesExhausted: line(
        WORKER,
        ERROR,
        "this process may open hardly any more files, because its jobs keep too many open. It "
        "drains, and a new process takes its place. Let jobs close what they open, or raise the "
        "limit of open files.",
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
    events.ZygoteEnded: line(
        WORKER,
        ERROR,
        "the process that loads the project for --preload ended with {code}, trying again in "
        "{delay:.1f} s",
    ),
    events.ZygoteNotStarted: line(
        WORKER,
        ERROR,
        "the process that loads the project for --preload could not be started, trying again in "
        "{delay:.1f} s: {error}",
    ),
    events.ThreadsNotForked: Line(
        WORKER,
        WARNING,
        "the project has started threads while it was loaded, and the processes that --preload "
        "forks do not have them: %s. Start them later, or leave out --preload.",
        lambda event: (", ".join(event.threads),),
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
    events.TickFailed: line(CLOCK, WARNING, "tick={tick} failed: {error}"),
    events.ProcrastinateWorkerLost: line(
        CLOCK, WARNING, "{name} lost its worker, starting it again: {error}"
    ),
    # The doorbell
    events.RingFailed: line(
        DOORBELL, WARNING, "ringing for queues={queues} failed", has_traceback=True
    ),
}
