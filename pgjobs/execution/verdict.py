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
    JobInterrupted,
    Retry,
    Snooze,
    UnknownJobClass,
    WorkerLost,
)
from pgjobs.execution.running_job import RunningJob
from pgjobs.limits import is_wait
from pgjobs.registry.meta import ExceptionClasses, JobOptions
from pgjobs.registry.names import resolve
from pgjobs.registry.targets import options_of
from pgjobs.rows.failure import Failure, as_error, bounded, shown
from pgjobs.rows.outcome import Line, Outcome


def judge(
    error: BaseException, job: RunningJob, *, stop_request: JobInterrupted | None = None
) -> Outcome:
    """Return the outcome that ``error`` leads to, and change nothing.

    ``stop_request`` is what the job was told, if it was told to stop. Without it, a WorkerLost of
    ``run()`` is an error like others: the job would otherwise start again at once, for ever.

    An exception group, such as that of ``asyncio.TaskGroup``, is judged by its leaves: a stop
    request decides before a failure, and a failure before another attempt. The outcome's ``lines``
    are for the job's log.
    """
    leaves = leaves_of(error)
    if isinstance(stop_request, WorkerLost) and _first(leaves, (WorkerLost,)) is not None:
        return Outcome.interrupted(job.pk, job.epoch, job.worker_id)
    if (cancelled := _first(leaves, (JobCancelled,))) is not None:
        line = WARNING, str(cancelled) or "The job was cancelled."
        return _outcome(job, JobStatus.CANCELLED, line)
    if isinstance(leaves[0], Snooze) and all(isinstance(leaf, Snooze) for leaf in leaves):
        return _snoozed(leaves[0], job)
    told = bounded(error)
    failure = Failure.of(told)
    options = _options(job)
    failed = _first((error, *leaves), (JobFailed, *_classes(options.fail_on)))
    if failed is not None:
        return _failed(replace(failure, message=shown(failed, str)), job)
    errored = replace(
        _outcome(job, JobStatus.ERRORED, (ERROR, failure.traceback)),
        error=shown(told),
        failure=failure,
        cause=told,
    )
    if not _may_try_again(error, leaves, job, options):
        return errored
    delay, lines = _delay(leaves, job, options)
    return replace(errored, status=JobStatus.SCHEDULED, delay=delay, lines=errored.lines + lines)


def leaves_of(error: BaseException) -> tuple[BaseException, ...]:
    """Return the exceptions in the exception group ``error``, or ``error`` if it is no group.

    Each stands there once, although groups may share their groups.
    """
    leaves, seen, waiting = [], set(), [error]
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        if isinstance(each, BaseExceptionGroup):
            waiting += reversed(each.exceptions)
        else:
            leaves.append(each)
    return tuple(leaves) or (error,)


def _first(errors: tuple[BaseException, ...], kinds: tuple[type, ...]) -> BaseException | None:
    return next((error for error in errors if isinstance(error, kinds)), None)


def _outcome(job: RunningJob, status: JobStatus, *lines: Line) -> Outcome:
    return Outcome(
        job_id=job.pk, epoch=job.epoch, worker_id=job.worker_id, status=status, lines=lines
    )


def _snoozed(error: Snooze, job: RunningJob) -> Outcome:
    until = Snooze(until=error.until).until  # checked again: a subclass may have set anything
    snoozed = replace(_outcome(job, JobStatus.SCHEDULED), attempts_back=1)
    if isinstance(until, datetime):
        return replace(snoozed, due=until)
    return replace(snoozed, delay=until)


def _failed(failure: Failure, job: RunningJob) -> Outcome:
    line = WARNING, failure.message or "The job failed."
    error = failure.message or as_error(job.error)
    return replace(_outcome(job, JobStatus.FAILED, line), error=error, failure=failure)


def _delay(
    leaves: tuple[BaseException, ...], job: RunningJob, options: JobOptions
) -> tuple[timedelta, tuple[Line, ...]]:
    # Made again, and so checked again: a subclass may have set anything.
    retries = [Retry(after=leaf.after) for leaf in leaves if isinstance(leaf, Retry)]
    asked = [each.after for each in retries if each.after is not None]
    if asked:
        return max(asked), ()
    try:
        wait = timedelta() + options.backoff(job.attempt)
        if not is_wait(wait):
            raise ValueError(f"{wait} is longer than a job may wait")
        return wait, ()
    except Exception as broken:  # the project's own function must not cost the job its outcome
        line = ERROR, f"Meta.backoff raised {shown(broken)}; using the default."
        return retry.exponential()(job.attempt), (line,)


def _may_try_again(
    error: BaseException, leaves: tuple[BaseException, ...], job: RunningJob, options: JobOptions
) -> bool:
    if job.attempt >= job.max_attempts:
        return False
    # A Snooze beside an error wants another run, too.
    retried: tuple[type[BaseException], ...] = (Retry, Snooze, *_classes(options.retry_on))
    return type(error) in retried or all(isinstance(leaf, retried) for leaf in leaves)


def _classes(given: ExceptionClasses) -> tuple[type[BaseException], ...]:
    return given if isinstance(given, tuple) else (given,)


def _options(job: RunningJob) -> JobOptions:
    try:
        return options_of(resolve(job.job_class))
    except UnknownJobClass:
        return JobOptions()
