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

from pgjobs.events.clock import (
    ProcrastinateWorkerLost,
    ScheduleFired,
    ScheduleNotFired,
    ScheduleOff,
    ScheduleRefused,
    TickFailed,
)
from pgjobs.events.jobs import (
    AttemptEnded,
    AttemptErrored,
    ClaimRefused,
    ImmediateJobsLost,
    JobEnded,
    JobEnqueued,
    JobErrored,
    JobNotStarted,
    JobRescued,
    JobStarted,
    JobTakenBack,
    JobUnreadable,
    QueryNotCancelled,
    RescueRefused,
    StopIgnored,
    StopRequested,
    WaitingJobErrored,
    WaitingJobStuck,
)
from pgjobs.events.project import AnnouncementFailed, NotifiedByLog, NotifierFailed, ReceiverFailed
from pgjobs.events.rows import (
    JobsNotPruned,
    LogLocked,
    NoteLost,
    OutcomeAcceptedAfterAll,
    OutcomeLocked,
    OutcomeRefused,
    OutcomeStale,
    OutcomeUnstorable,
    SuccessorLost,
)
from pgjobs.events.telling import Event, Listener, ListenerFailed, listen, tell
from pgjobs.events.workers import (
    ChildEnded,
    ChildNotStarted,
    ChildrenKilled,
    ChildSilent,
    ClaimingFailed,
    DatabaseAway,
    LivenessFileFailed,
    PoolerFound,
    PresenceFailed,
    PruningFailed,
    QueuesUnserved,
    RingFailed,
    SignOffFailed,
    TablesMissing,
    WorkerDied,
    WorkerStarted,
    WorkerStopped,
    WorkerStopping,
    WorkerStuck,
    WorkerTakenForDead,
)

__all__ = [
    "AnnouncementFailed",
    "AttemptEnded",
    "AttemptErrored",
    "ChildEnded",
    "ChildNotStarted",
    "ChildSilent",
    "ChildrenKilled",
    "ClaimRefused",
    "ClaimingFailed",
    "DatabaseAway",
    "Event",
    "ImmediateJobsLost",
    "JobEnded",
    "JobEnqueued",
    "JobErrored",
    "JobNotStarted",
    "JobRescued",
    "JobStarted",
    "JobTakenBack",
    "JobUnreadable",
    "JobsNotPruned",
    "Listener",
    "ListenerFailed",
    "LivenessFileFailed",
    "LogLocked",
    "NoteLost",
    "NotifiedByLog",
    "NotifierFailed",
    "OutcomeAcceptedAfterAll",
    "OutcomeLocked",
    "OutcomeRefused",
    "OutcomeStale",
    "OutcomeUnstorable",
    "PoolerFound",
    "PresenceFailed",
    "ProcrastinateWorkerLost",
    "PruningFailed",
    "QueryNotCancelled",
    "QueuesUnserved",
    "ReceiverFailed",
    "RescueRefused",
    "RingFailed",
    "ScheduleFired",
    "ScheduleNotFired",
    "ScheduleOff",
    "ScheduleRefused",
    "SignOffFailed",
    "StopIgnored",
    "StopRequested",
    "SuccessorLost",
    "TablesMissing",
    "TickFailed",
    "WaitingJobErrored",
    "WaitingJobStuck",
    "WorkerDied",
    "WorkerStarted",
    "WorkerStopped",
    "WorkerStopping",
    "WorkerStuck",
    "WorkerTakenForDead",
    "listen",
    "tell",
]
