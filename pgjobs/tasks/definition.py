"""A task with the options of a job class."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, cast

from django.conf import global_settings, settings
from django.utils.module_loading import import_string

from pgjobs.registry.meta import ExceptionClasses
from pgjobs.retry import Backoff
from pgjobs.showing import brief, did_you_mean
from pgjobs.tasks.framework import (
    AnyTask,
    BaseTaskBackend,
    DummyBackend,
    ImmediateBackend,
    Task,
    task_backends,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PgJobsTask(AnyTask):
    """A task of `PgJobsBackend`. An option that is None is not set.

    An option with the name of one in ``class Meta`` means the same: see ``JobOptions``.
    """

    description: str | None = None
    timeout: int | None = None
    max_attempts: int | None = None
    backoff: Backoff | None = None
    retry_on: ExceptionClasses | None = None
    fail_on: ExceptionClasses | None = None
    on_interrupt: str | None = None
    atomic: bool | None = None
    isolation: str | None = None
    memory_limit: int | None = None
    sensitive: Sequence[str] | None = None
    launchable: bool | None = None

    once: bool = False
    """Whether at most one job of this task is live at a time. If there is one, ``enqueue()``
    returns its result, whatever the arguments."""
    interval: int | None = None
    """Minutes between two runs by the clock, without a call of ``enqueue()``."""
    cron: str | None = None
    """The times of the runs by the clock, as a cron expression."""

    def __reduce__(self) -> Any:
        # By its name: a function such as ``backoff`` may have none.
        given = ("priority", "queue_name", "run_after", "backend")
        return _restored, (self.module_path, {name: getattr(self, name) for name in given})

    def __deepcopy__(self, _memo: Any) -> PgJobsTask:
        return self  # it can't change, and its module may have it by another name


def _restored(path: str, changes: Mapping[str, Any]) -> AnyTask:
    task: AnyTask = import_string(path)
    return task.using(**changes)


META: Final = (
    "description timeout max_attempts backoff retry_on fail_on on_interrupt atomic isolation "
    "memory_limit sensitive launchable"
).split()
"""The options that go to ``class Meta`` of the task's job class."""

_DECLARED: Final = frozenset(field.name for field in fields(PgJobsTask)) - {"func", "run_after"}
_OWN: Final = _DECLARED - {field.name for field in fields(Task)}
"""The options that the tasks of no other backend have."""


def declare(function: Callable[..., Any], options: Mapping[str, Any]) -> PgJobsTask:
    """Return ``function`` as a task of the backend that ``options`` name.

    The backends that Django has for tests take the options of pgjobs, and don't use them. Raises
    TypeError for an option that ``@task`` does not have, or if another backend would get an option
    that only pgjobs has.
    """
    for option in options:
        if option not in _DECLARED:
            raise TypeError(
                f"{option}={options[option]!r} is not an option of a task."
                f"{did_you_mean(option, sorted(_DECLARED))}"
            )
    alias = options.get("backend", "default")
    task_class = _task_class(task_backends[alias])
    if not issubclass(task_class, PgJobsTask):
        _refuse_options_of_pgjobs(alias, options)
    return cast(PgJobsTask, task_class(func=function, **{**_as_django_has_them(), **options}))


def _task_class(backend: BaseTaskBackend) -> type[AnyTask]:
    for_tests = isinstance(backend, DummyBackend | ImmediateBackend)
    given = getattr(settings, "TASKS", None)
    # Without TASKS, tasks run at once: then an option such as cron would be lost without a word.
    is_given = given is not None and given is not getattr(global_settings, "TASKS", None)
    is_plain = backend.task_class is Task
    return PgJobsTask if for_tests and is_plain and is_given else backend.task_class


def _refuse_options_of_pgjobs(alias: str, options: Mapping[str, Any]) -> None:
    for option in options:
        if option in _OWN:
            raise TypeError(
                f"{option}={brief(options[option])} is an option of pgjobs.backends.PgJobsBackend, "
                f"but TASKS[{alias!r}] names {_path_of(task_backends[alias])}."
            )


def _path_of(backend: BaseTaskBackend) -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"


def _as_django_has_them() -> dict[str, Any]:
    """Return the defaults of the options that a task must be given before Django 6.1."""
    return {
        "priority": 0,
        "backend": "default",
        "queue_name": "default",
        "takes_context": False,
        "run_after": None,
    }
