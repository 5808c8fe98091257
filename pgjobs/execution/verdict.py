"""What an exception that left ``run()`` means for its job."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta

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
from pgjobs.registry.meta import ExceptionClasses, JobOptions
from pgjobs.registry.names import resolve
from pgjobs.registry.targets import options_of
from pgjobs.rows.outcome import Failure, Outcome, shown


def verdict(error: BaseException, job: RunningJob) -> Outcome:
    """Return the outcome that ``error`` leads to, and write it into the job's log."""
    match error:
        case Snooze():
            return _snoozed(error, job)
        case WorkerLost() | StaleJob():
            return Outcome.interrupted(job.pk, job.epoch, job.worker_id)
        case JobCancelled():
            job.say(logging.WARNING, str(error) or "The job was cancelled.")
            return _ended(job, JobStatus.CANCELLED)
    failure = Failure.of(error)
    options = _options(job)
    if isinstance(error, (JobFailed, *_classes(options.fail_on))):
        job.say(logging.WARNING, failure.message or "The job failed.")
        message = failure.message or job.error
        return replace(_ended(job, JobStatus.FAILED), error=message, failure=failure)
    job.say(logging.ERROR, failure.traceback)
    errored = replace(_ended(job, JobStatus.ERRORED), error=shown(error), failure=failure)
    if not _may_try_again(error, job, options):
        return errored
    return replace(errored, status=JobStatus.SCHEDULED, delay=_delay(error, job, options))


def _ended(job: RunningJob, status: JobStatus) -> Outcome:
    return Outcome(job_id=job.pk, epoch=job.epoch, worker_id=job.worker_id, status=status)


def _snoozed(error: Snooze, job: RunningJob) -> Outcome:
    snoozed = replace(_ended(job, JobStatus.SCHEDULED), attempts_back=1)
    if isinstance(error.until, datetime):
        return replace(snoozed, due=error.until)
    return replace(snoozed, delay=error.until)


def _delay(error: BaseException, job: RunningJob, options: JobOptions) -> timedelta:
    if isinstance(error, Retry) and error.after is not None:
        return error.after
    try:
        return timedelta() + options.backoff(job.attempt)
    except Exception as broken:  # the project's own function must not cost the job its outcome
        job.say(logging.ERROR, f"Meta.backoff raised {shown(broken)}; using the default.")
        return retry.exponential()(job.attempt)


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
