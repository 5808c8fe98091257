"""Django's signals of tasks: enqueued, started and finished.

A receiver that raises is told as `ReceiverFailed`, and changes nothing for the task.
"""

from __future__ import annotations

from typing import Any, Final

from asgiref.sync import sync_to_async

from pgjobs import events, notifications
from pgjobs.registry.names import registered_as
from pgjobs.tasks.framework import (
    AnyContext,
    AnyResult,
    AnyTask,
    TaskContext,
    TaskResultStatus,
    task_enqueued,
    task_finished,
    task_started,
)
from pgjobs.tasks.result import reread, running, sender_of

_ERROR: Final = "task_error"
"""The attribute of a job that keeps the exception of its task until the end is told."""


def follow(path: str) -> None:
    """Let workers tell of the ends of the jobs of the task at ``path``."""
    notifications.follow(path)


def send_enqueued(job: Any, result: AnyResult) -> None:
    _tell(job, task_enqueued.send_robust(sender_of(result), task_result=result))


async def asend_enqueued(job: Any, result: AnyResult) -> None:
    _tell(job, await task_enqueued.asend_robust(sender_of(result), task_result=result))


def send_started(job: Any, task: AnyTask) -> tuple[AnyContext, ...]:
    """Tell that ``task`` starts as ``job``; return the context if the task takes it."""
    result = running(job, task)
    _tell(job, task_started.send_robust(sender_of(result), task_result=result))
    return _context(task, result)


async def asend_started(job: Any, task: AnyTask) -> tuple[AnyContext, ...]:
    """Do the same as ``send_started()``, for coroutines."""
    if job.attempt > 1:  # it reads the errors of earlier attempts
        result = await sync_to_async(running)(job, task)
    else:
        result = running(job, task)
    _tell(job, await task_started.asend_robust(sender_of(result), task_result=result))
    return _context(task, result)


def remember(job: Any, error: BaseException) -> None:
    """Keep ``error``, because Django's log names the exception that is handled at its signal."""
    job.__dict__[_ERROR] = error


def _context(task: AnyTask, result: AnyResult) -> tuple[AnyContext, ...]:
    return (TaskContext(task_result=result),) if task.takes_context else ()


def _send_finished(event: events.JobEnded) -> None:
    job = event.job
    task: AnyTask | None = getattr(registered_as(job.job_class), "task", None)
    if task is None:
        return
    error: BaseException | None = job.__dict__.pop(_ERROR, None)
    result = reread(job, task)
    if result is None:  # the row is gone already
        return
    if error is None or result.status != TaskResultStatus.FAILED:
        _tell(job, task_finished.send_robust(sender_of(result), task_result=result))
        return
    try:
        raise error
    except BaseException:
        _tell(job, task_finished.send_robust(sender_of(result), task_result=result))


def _tell(job: Any, answers: list[tuple[Any, Any]]) -> None:
    for receiver, answer in answers:
        if isinstance(answer, Exception):
            events.tell(events.ReceiverFailed(receiver, job, answer))


events.listen(events.JobEnded, _send_finished)
