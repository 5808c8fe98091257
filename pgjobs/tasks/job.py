"""The job class of a task: what a worker resolves, runs and judges."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Mapping
from operator import attrgetter
from typing import Any, ClassVar, Final

from pgjobs import notifications
from pgjobs.execution.awaiting import coroutine_in
from pgjobs.execution.result import result_as_json
from pgjobs.jobs.of_functions import FunctionClass, class_of
from pgjobs.jobs.system import register_system_job
from pgjobs.registry.names import refuse_yield, registered_as
from pgjobs.showing import brief
from pgjobs.tasks import signals
from pgjobs.tasks.definition import META, PgJobsTask
from pgjobs.tasks.framework import AnyTask, InvalidTask, normalize_json

_OF_FUNCTION: Final = (*META, "takes_context", "interval", "cron")
"""The options that hold for each job of a function, however it was enqueued."""
_own: Final = attrgetter(*_OF_FUNCTION)


class TaskJob(FunctionClass):
    """A job that runs a task. The engine sees it as any other job class."""

    task: ClassVar[AnyTask]


def task_job(path: str) -> type[TaskJob] | None:
    """Return the job class of the task at the dotted ``path``; None if no task is known there."""
    known = registered_as(path)
    return known if isinstance(known, type) and issubclass(known, TaskJob) else None


def job_class_of(task: AnyTask, defaults: Mapping[str, Any]) -> type[TaskJob]:
    """Return the job class of ``task``, which is made and registered at the first call.

    ``defaults`` are options that the task does not set itself. Raises InvalidTask for a wrong one.
    """
    known = task_job(task.module_path)
    if known is not None and known.task.func is task.func:
        _refuse_other_options(task, known.task)
        return known
    try:
        job_class = _make(task, {**defaults, **_options_of(task)})
        _register_schedule(task, job_class)
    except (TypeError, ValueError) as error:
        raise InvalidTask(str(error)) from None
    notifications.follow(job_class.path)
    return job_class


def _refuse_other_options(task: AnyTask, known: AnyTask) -> None:
    """Raise InvalidTask if ``known``, which a worker runs for both, has other options.

    A row names the function alone.
    """
    if type(task) is not type(known) or not isinstance(task, PgJobsTask):
        return
    if _own(task) == _own(known):
        return
    for option, value, of_known in zip(_OF_FUNCTION, _own(task), _own(known), strict=True):
        if value != of_known:
            raise InvalidTask(
                f"{task.module_path} is a task with {option}={brief(of_known)} already, so it "
                f"can't be another one with {option}={brief(value)}: a row names the function "
                "alone. Write a second function that calls it."
            )


def _make(task: AnyTask, options: Mapping[str, Any]) -> type[TaskJob]:
    func = task.func
    if not isinstance(once := getattr(task, "once", False), bool):
        raise TypeError(f"once must be True or False, not {brief(once)}.")
    if "<" in func.__qualname__:  # Django lets a lambda pass, and all lambdas have one name
        raise TypeError(f"{func.__qualname__} is not a def at module level, so it has no path.")
    refuse_yield(func, task.module_path)
    made: type[TaskJob] = class_of(
        func,
        TaskJob,
        meta=options,
        run=_run_of(task),
        given=int(bool(task.takes_context)),
        task=task,
        given_argument=_given_argument(task),
    )
    return made


def _given_argument(task: AnyTask) -> str | None:
    """Return the name of the context that ``task`` takes if a caller could use it, too."""
    if not task.takes_context:
        return None
    first = next(iter(inspect.signature(task.func).parameters.values()))
    return None if first.kind == first.POSITIONAL_ONLY else first.name


def _options_of(task: AnyTask) -> dict[str, Any]:
    given = ((name, getattr(task, name, None)) for name in META)
    return {name: value for name, value in given if value is not None}


def _register_schedule(task: AnyTask, job_class: type[TaskJob]) -> None:
    if isinstance(task, PgJobsTask) and (task.interval is not None or task.cron is not None):
        options = {"queue_name": task.queue_name, "priority": task.priority}
        register_system_job(job_class, interval=task.interval, cron=task.cron, kwargs=options)


def _run_of(task: AnyTask) -> Callable[..., Any]:
    """Return the ``run()`` of the task's job class."""

    def run(self: TaskJob, /, *args: Any, **kwargs: Any) -> Any:
        context = signals.send_started(self.job, task)
        try:
            value = task.func(*context, *args, **kwargs)
            if (coroutine := coroutine_in(value)) is not None:  # a decorator hides an async def
                return _awaited(self.job, coroutine)
            value = _storable(value)
        except BaseException as error:
            signals.remember(self.job, error)
            raise
        signals.remember(self.job)
        return value

    async def run_coroutine(self: TaskJob, /, *args: Any, **kwargs: Any) -> Any:
        context = await signals.asend_started(self.job, task)
        return await _awaited(self.job, task.func(*context, *args, **kwargs))

    return run_coroutine if inspect.iscoroutinefunction(task.func) else run


async def _awaited(job: Any, coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Return what the ``coroutine`` of the task of ``job`` returns, and keep how it ended."""
    try:
        value = _storable(await coroutine)
    except BaseException as error:
        signals.remember(job, error)
        raise
    signals.remember(job)
    return value


def _storable(value: Any) -> Any:
    """Return ``value`` as JSON has it. Raises TypeError or ValueError if it can't be stored.

    A job drops such a value with a warning. A task has promised its return value to its caller.
    """
    if value is None:
        return None
    value = normalize_json(value)
    _text, refusals = result_as_json(value)
    if refusals:
        raise ValueError(refusals[0][1])
    return value
