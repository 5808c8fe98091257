"""Finding the tasks of a project as a process starts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from django.apps import apps
from django.conf import settings
from django.utils.module_loading import autodiscover_modules, import_string

if TYPE_CHECKING:
    from pgjobs.tasks.backend import PgJobsBackend
    from pgjobs.tasks.framework import AnyTask


def discover() -> None:
    """Import the ``tasks`` module of each app if ``TASKS`` has a backend of pgjobs.

    A row can run only a task that its process knows. A task that stands in another module is known
    once a ``tasks`` or ``jobs`` module imports it.
    """
    backends = [*_backends()]
    if not backends:
        return
    autodiscover_modules("tasks")
    ours = {backend.alias for backend in backends}
    for task in _tasks():
        if task.backend not in ours:
            _register(task, backends[0])


def _register(task: AnyTask, backend: PgJobsBackend) -> None:
    """Register a task that its own backend does not run as a job: using(backend=…) may do so.

    Its queue is one of its own backend, and using(queue_name=…) may name another one.
    """
    from pgjobs.tasks.framework import InvalidTask

    with suppress(InvalidTask):  # no call can make it a job, and its own backend takes it
        backend.register(task)


def _backends() -> Iterator[PgJobsBackend]:
    given: Any = getattr(settings, "TASKS", None)
    if not given or not isinstance(given, dict):
        return
    for alias, entry in given.items():
        backend = _imported(entry.get("BACKEND")) if isinstance(entry, dict) else None
        if isinstance(backend, type) and getattr(backend, "runs_jobs", False):
            yield _backend_of(alias)


def _imported(path: Any) -> Any:
    try:
        return import_string(path)
    except (ImportError, AttributeError, TypeError):  # Django tells of it where the alias is used
        return None


def _backend_of(alias: str) -> PgJobsBackend:
    from pgjobs.tasks.framework import task_backends

    return cast("PgJobsBackend", task_backends[alias])


def _tasks() -> Iterator[AnyTask]:
    from pgjobs.tasks.framework import Task

    for config in apps.get_app_configs():
        for value in [*vars(sys.modules.get(f"{config.name}.tasks", sys)).values()]:
            if isinstance(value, Task):
                yield value
