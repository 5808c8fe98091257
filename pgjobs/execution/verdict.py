"""What an exception that left ``run()`` means for its job."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from logging import ERROR, WARNING

from pgjobs import retry
from pgjobs.choices import JobStatus
from pgjobs.exceptions import (
    JobCancelled,
    JobFailed,
    Retry,
    Snooze,
    StaleJob,
    UnknownJobClass,
    WorkerLost,
)
from pgjobs.execution.running_job import RunningJob
from pgjobs.limits import is_wait
from pgjobs.registry.meta import ExceptionClasses, JobOptions
from pgjobs.registry.names import resolve
from pgjobs.registry.targets import options_of
from pgjobs.rows.failure import Failure, shown
from pgjobs.rows.outcome import Line, Outcome


def judge(error: BaseException, job: RunningJob) -> Outcome:
    """Return the outcome that ``error`` leads to, and change nothing.

    The outcome's ``lines`` are for the job's log.
    """
    match error:
        case Snooze():
            return _snoozed(error, job)
        case WorkerLost() | StaleJob():
            return Outcome.interrupted(job.pk, job.epoch, job.worker_id)
        case JobCancelled():
            line = WARNING, str(error) or "The job was cancelled."
            return _outcome(job, JobStatus.CANCELLED, line)
    failure = Failure.of(error)
    options = _options(job)
    if isinstance(error, (JobFailed, *_classes(options.fail_on))):
        return _failed(failure, job)
    errored = replace(
        _outcome(job, JobStatus.ERRORED, (ERROR, failure.traceback)),
        error=shown(error),
        failure=failure,
    )
    if not _may_try_again(error, job, options):
        return errored
    delay, lines = _delay(error, job, options)
    return replace(errored, status=JobStatus.SCHEDULED, delay=delay, lines=errored.lines + lines)


def _outcome(job: RunningJob, status: JobStatus, *lines: Line) -> Outcome:
    return Outcome(
        job_id=job.pk, epoch=job.epoch, worker_id=job.worker_id, status=status, lines=lines
    )


def _snoozed(error: Snooze, job: RunningJob) -> Outcome:
    snoozed = replace(_outcome(job, JobStatus.SCHEDULED), attempts_back=1)
    if isinstance(error.until, datetime):
        return replace(snoozed, due=error.until)
    return replace(snoozed, delay=error.until)


def _failed(failure: Failure, job: RunningJob) -> Outcome:
    line = WARNING, failure.message or "The job failed."
    error = failure.message or job.error
    return replace(_outcome(job, JobStatus.FAILED, line), error=error, failure=failure)


def _delay(
    error: BaseException, job: RunningJob, options: JobOptions
) -> tuple[timedelta, tuple[Line, ...]]:
    if isinstance(error, Retry) and error.after is not None:
        return error.after, ()
    try:
        wait = timedelta() + options.backoff(job.attempt)
        if not is_wait(wait):
            raise ValueError(f"{wait} is longer than a job may wait")
        return wait, ()
    except Exception as broken:  # the project's own function must not cost the job its outcome
        line = ERROR, f"Meta.backoff raised {shown(broken)}; using the default."
        return retry.exponential()(job.attempt), (line,)


def _may_try_again(error: BaseException, job: RunningJob, options: JobOptions) -> bool:
    if job.attempt >= job.max_attempts:
        return False
    return isinstance(error, (Retry, *_classes(options.retry_on)))


def _classes(given: ExceptionClasses) -> tuple[type[BaseException], ...]:
    return given if isinstance(given, tuple) else (given,)


def _options(job: RunningJob) -> JobOptions:
    try:
        return options_of(resolve(job.job_class))
    except UnknownJobClass:
        return JobOptions()
