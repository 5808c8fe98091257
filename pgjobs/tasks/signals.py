"""Django's signals of tasks: enqueued, started and finished.

A receiver that raises is told as `ReceiverFailed`, and changes nothing for the task.
"""

from __future__ import annotations

from contextvars import Context, copy_context
from typing import Any, Final

from asgiref.sync import sync_to_async

from pgjobs import events
from pgjobs.jobs.of_functions import FunctionClass
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
from pgjobs.tasks.result import may_have_failed, reread, running, sender_of

_END: Final = "task_end"
"""The attribute of a job that keeps the `_End` of its task until the end is told."""


class _End:
    """How a task ended in this process: its context variables, and its exception if it raised."""

    __slots__ = ("context", "error")

    def __init__(self, context: Context, error: BaseException | None) -> None:
        self.context = context
        self.error = error

    def __reduce__(self) -> Any:
        # A job may be pickled before its end is told, and a context can't be.
        return type(None), ()


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
    if may_have_failed(job):  # it reads the errors of earlier attempts
        result = await sync_to_async(running)(job, task)
    else:
        result = running(job, task)
    _tell(job, await task_started.asend_robust(sender_of(result), task_result=result))
    return _context(task, result)


def remember(job: Any, error: BaseException | None = None) -> None:
    """Keep the context variables of the task that ends now, and the exception that it raised.

    Receivers of its end look for both: a logger for the request that the task belongs to, and
    Django's log for the exception that is handled.
    """
    job.__dict__[_END] = _End(copy_context(), error)


def _context(task: AnyTask, result: AnyResult) -> tuple[AnyContext, ...]:
    return (TaskContext(task_result=result),) if task.takes_context else ()


def _send_finished(event: events.JobEnded) -> None:
    job = event.job
    known = registered_as(job.job_class)
    if not isinstance(known, type) or not issubclass(known, FunctionClass):
        return
    task: AnyTask | None = getattr(known, "task", None)
    if task is None:  # a function of another kind
        return
    end: _End | None = job.__dict__.pop(_END, None)
    result = reread(job, task)
    if result is None:  # the row is gone already
        return
    if end is None:
        _tell_finished(job, result, None)
    else:
        end.context.run(_tell_finished, job, result, end.error)


def _tell_finished(job: Any, result: AnyResult, error: BaseException | None) -> None:
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
