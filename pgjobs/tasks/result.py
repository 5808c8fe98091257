"""From the row of a job to the ``TaskResult`` of its task."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from django.apps import apps
from django.db import router

from pgjobs import codec
from pgjobs.choices import JobStatus
from pgjobs.exceptions import BadArguments
from pgjobs.tasks.framework import (
    AnyResult,
    AnyTask,
    InvalidTask,
    TaskError,
    TaskResult,
    TaskResultStatus,
    normalize_json,
    task_backends,
)

BACKEND: Final = "task_backend"
"""The key in ``meta`` of a job whose task was enqueued by another backend than its declared one."""

IN_PROCESS: Final = "in-process"
"""The worker id of an attempt that no worker made."""

_STATUS: Final = {
    JobStatus.PENDING: TaskResultStatus.READY,
    JobStatus.SCHEDULED: TaskResultStatus.READY,
    JobStatus.RUNNING: TaskResultStatus.RUNNING,
    JobStatus.COMPLETED: TaskResultStatus.SUCCESSFUL,
    JobStatus.ERRORED: TaskResultStatus.FAILED,
    JobStatus.FAILED: TaskResultStatus.FAILED,
    JobStatus.CANCELLED: TaskResultStatus.FAILED,
}
_WITHOUT_EXCEPTION: Final = "pgjobs.exceptions.PgJobsError"
_CANCELLED: Final = "pgjobs.exceptions.JobCancelled"


def result_of(job: Any, task: AnyTask) -> Any:
    """Return the result of ``job``, a whole row, which runs ``task``.

    A task has fewer states than a job: a waiting job is READY, and a cancelled one is FAILED with
    the error ``JobCancelled``.
    """
    return _result(job, task, _failures(job), finished=job.completed)


def running(job: Any, task: AnyTask) -> AnyResult:
    """Return the result of ``job``, which this process is about to run."""
    return _result(job, task, _failures(job) if may_have_failed(job) else [], finished=None)


def may_have_failed(job: Any) -> bool:
    """Return whether ``job``, which is claimed, may have errors of earlier attempts.

    A claim leaves them in the database, and most jobs have none. ``retry()`` counts the attempts
    anew and keeps the errors, so the epoch tells.
    """
    return bool(job.epoch > 1)


def _failures(job: Any) -> list[dict[str, Any]]:
    """Return the entries of ``job.errors``; SQL by hand can write anything there."""
    entries = job.errors if isinstance(job.errors, list) else []
    return [each for each in entries if isinstance(each, dict)]


def reread(job: Any, task: AnyTask) -> Any:
    """Return the result of ``job`` by its row as it is now; None if there is no row."""
    row = find(job.pk)
    return None if row is None else result_of(row, task)


def find(key: int) -> Any:
    """Return the job with the primary key ``key``, or None.

    It is read from the database that jobs are written to, because a replica may be late.
    """
    model = apps.get_model("pgjobs", "Job")
    return model.objects.using(router.db_for_write(model)).filter(pk=key).first()


def sender_of(result: AnyResult) -> type:
    """Return the sender of signals about ``result``: the class of its backend."""
    return type(task_backends[result.backend])


def _result(
    job: Any, task: AnyTask, failures: list[dict[str, Any]], *, finished: datetime | None
) -> AnyResult:
    status = _STATUS[JobStatus(job.status)]
    task = _as_enqueued(task, job, failures)
    started = _moment(job.started)
    result = TaskResult(
        task=task,
        id=str(job.pk),
        status=status,
        enqueued_at=job.created,
        started_at=_moment(failures[0].get("started")) if failures else started,
        finished_at=finished,
        last_attempted_at=started or (_moment(failures[-1].get("started")) if failures else None),
        args=_plain(job.args) if isinstance(job.args, list) else [],
        kwargs={name: _plain(value) for name, value in (codec.named(job.kwargs) or {}).items()},
        backend=task.backend,
        errors=[*_errors(job, failures)],
        worker_ids=[*_workers(job, failures)],
    )
    if status == TaskResultStatus.SUCCESSFUL:
        object.__setattr__(result, "_return_value", _plain(job.result))
    return result


def _as_enqueued(task: AnyTask, job: Any, failures: list[dict[str, Any]]) -> AnyTask:
    """Return ``task`` with the priority, the queue, the moment and the backend of ``job``."""
    changes = {"priority": job.priority, "queue_name": job.queue_name}
    if job.scheduled is not None and not failures:  # another attempt has moved it
        changes["run_after"] = job.scheduled
    try:
        return task.using(backend=_alias(job.meta), **changes)
    except InvalidTask:  # SQL may have moved the job to any queue
        return task


def _alias(meta: Any) -> str | None:
    """Return the alias in ``meta`` if it still names a backend that runs tasks as jobs."""
    alias = meta.get(BACKEND) if isinstance(meta, dict) else None
    if not isinstance(alias, str) or alias not in task_backends.settings:
        return None
    return alias if getattr(task_backends[alias], "runs_jobs", False) else None


def _errors(job: Any, failures: list[dict[str, Any]]) -> Iterator[TaskError]:
    """Yield an error for each failed attempt, and one for an end that no exception explains."""
    for each in failures:
        yield TaskError(
            exception_class_path=str(each.get("exception")), traceback=str(each.get("traceback"))
        )
    if job.status == JobStatus.CANCELLED:
        yield TaskError(exception_class_path=_CANCELLED, traceback=job.error or "Cancelled.")
    elif not failures and job.status in (JobStatus.ERRORED, JobStatus.FAILED):
        yield TaskError(exception_class_path=_WITHOUT_EXCEPTION, traceback=job.error)


def _workers(job: Any, failures: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the worker of each attempt, the present one included."""
    for each in failures:
        yield str(each.get("worker") or IN_PROCESS)
    has_own_entry = failures and job.status in (JobStatus.ERRORED, JobStatus.FAILED)
    if job.started is not None and not has_own_entry:
        yield str(job.worker_id or IN_PROCESS)


def _plain(value: Any) -> Any:
    """Return a stored value as plain JSON; as it is stored if SQL wrote another type into it."""
    try:
        return normalize_json(codec.decode(value, "value"))
    except (BadArguments, TypeError, ValueError):
        return value


def _moment(value: Any) -> datetime | None:
    """Return the moment of a column, or of an entry of ``job.errors``, as columns have it."""
    if not isinstance(value, str):
        return value if isinstance(value, datetime) else None
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        return None
