"""The lines about jobs: their life, stop requests, the writing of their rows, rescue."""

from __future__ import annotations

import logging
from logging import CRITICAL, ERROR, INFO, WARNING
from typing import Final

from pgjobs import events
from pgjobs.log_lines.line import Line, line, shortened

WORKER: Final = logging.getLogger("pgjobs.worker")

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
        "%d finished jobs can't be deleted and stay: %s. Look for a foreign key, a trigger or a "
        "policy on pgjobs_job. PostgreSQL said: %s",
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
}
