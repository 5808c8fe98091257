"""The backend of the task framework."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.apps import apps
from django.core.checks import CheckMessage

from pgjobs.exceptions import InvalidArgument
from pgjobs.keys import key_of
from pgjobs.showing import brief
from pgjobs.tasks import signals
from pgjobs.tasks.checks import check_kinds, problems, wrong_default
from pgjobs.tasks.definition import META, PgJobsTask
from pgjobs.tasks.framework import (
    AnyResult,
    AnyTask,
    BaseTaskBackend,
    InvalidTask,
    Task,
    TaskResult,
    TaskResultDoesNotExist,
    normalize_json,
)
from pgjobs.tasks.job import TaskJob, job_class_of, task_job
from pgjobs.tasks.result import BACKEND, find, result_of

P = ParamSpec("P")
R = TypeVar("R")


class PgJobsBackend(BaseTaskBackend):
    """Enqueues tasks as jobs, in the caller's transaction.

    ``OPTIONS`` may hold options of `PgJobsTask` that also stand in ``class Meta``. They are the
    defaults of the tasks.
    """

    task_class = PgJobsTask
    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    runs_jobs: Final = True
    """By this `discover` knows the class and its subclasses."""

    def __init__(self, alias: str, params: Any) -> None:
        check_kinds(alias, params)
        super().__init__(alias, params)

    def validate_task(self, task: AnyTask) -> None:
        """Raise InvalidTask if ``task`` can't be a job; else register its job class."""
        _check_types(task)
        super().validate_task(task)
        self.register(task)

    def register(self, task: AnyTask) -> type[TaskJob]:
        """Let this process run ``task``; return its job class. Raises InvalidTask if it can't."""
        defaults = {name: self.options[name] for name in META if name in self.options}
        try:
            return job_class_of(task, defaults)
        except InvalidTask:
            if refusal := wrong_default(self):
                raise InvalidTask(refusal) from None
            raise

    def enqueue(self, task: Task[P, R], args: Any, kwargs: Any) -> TaskResult[P, R]:
        """Insert a job that runs ``task``, and return its result, which is READY.

        Raises TypeError or ValueError, and inserts nothing, for arguments that JSON or the function
        does not take.
        """
        job, is_new = self._insert(task, args, kwargs)
        result: TaskResult[P, R] = result_of(job, task)
        if is_new:
            signals.send_enqueued(job, result)
        return result

    async def aenqueue(self, task: Task[P, R], args: Any, kwargs: Any) -> TaskResult[P, R]:
        """Do the same as ``enqueue()``, for coroutines."""
        job, is_new = await sync_to_async(self._insert)(task, args, kwargs)
        result: TaskResult[P, R] = result_of(job, task)
        if is_new:
            await signals.asend_enqueued(job, result)
        return result

    def get_result(self, result_id: Any) -> AnyResult:
        """Return the result of the job ``result_id``.

        Raises TaskResultDoesNotExist if there is no such job, or if it runs no task that this
        process knows.
        """
        key = key_of(result_id) if isinstance(result_id, str) else None
        job = None if key is None else find(key)
        job_class = None if job is None else task_job(job.job_class)
        if job_class is None:
            raise TaskResultDoesNotExist(result_id)
        result: AnyResult = result_of(job, job_class.task)
        return result

    def check(self, **_: Any) -> list[CheckMessage]:
        """Return the errors of this backend's entry in ``TASKS``."""
        return [*problems(self)]

    def _insert(self, task: AnyTask, args: Any, kwargs: Any) -> tuple[Any, bool]:
        """Return a job of ``task`` and whether it is new: with ``once`` there may be a live one."""
        row = self.row_of(task, args, kwargs)
        jobs = apps.get_model("pgjobs", "Job").objects.all()
        if getattr(task, "once", False):
            from pgjobs.enqueueing.once import holder_of  # it imports models, as in row_of()

            held: tuple[Any, bool] = jobs.hold_place_by(row, holder_of)
            return held
        return jobs.enqueue_row(row), True

    def row_of(
        self, task: AnyTask, args: Any, kwargs: Any, *, immediate: bool = False
    ) -> dict[str, Any]:
        """Return the columns of a new job of ``task``; an ``immediate`` one is about to run here.

        Raises TypeError or ValueError for arguments that JSON or the function does not take, and
        InvalidTask for a task that can't be a job.
        """
        self.validate_task(task)
        # It imports models, and a task may be declared before the models are loaded.
        from pgjobs.enqueueing.row import row_for_call

        job_class = self.register(task)
        return row_for_call(
            job_class,
            _normalized(list(args)),
            _normalized(dict(kwargs)),
            schedule_at=task.run_after,
            immediate=immediate,
            queue_name=task.queue_name,
            priority=task.priority,
            timeout=getattr(task, "timeout", None),
            max_attempts=getattr(task, "max_attempts", None),
            meta=self._meta(job_class.task),
        )

    def _meta(self, declared: AnyTask) -> dict[str, str] | None:
        return None if self.alias == declared.backend else {BACKEND: self.alias}


def _check_types(task: AnyTask) -> None:
    """Raise InvalidTask for a value that Django's own checks let pass, or can't read."""
    priority: Any = task.priority
    if not isinstance(priority, int) or isinstance(priority, bool):
        raise InvalidTask(f"priority must be a whole number, not {brief(priority)}.")
    if not (task.run_after is None or isinstance(task.run_after, datetime)):
        raise InvalidTask(
            f"run_after must be an aware datetime, such as timezone.now() + timedelta(minutes=5), "
            f"not {brief(task.run_after)}."
        )


def _normalized(value: Any) -> Any:
    """Return ``value`` as JSON has it. Raises TypeError or ValueError if it is none."""
    try:
        return normalize_json(value)
    except RecursionError:
        raise InvalidArgument(
            "The arguments hold lists or dicts that are nested too deep, or that hold themselves."
        ) from None
