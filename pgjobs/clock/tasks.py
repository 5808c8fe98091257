"""Plain procrastinate tasks, run by the same worker.

They are for work that needs no row of ``Job``. A task is a function. It is deferred by
procrastinate's own API inside the caller's transaction, with procrastinate's own retries and locks.
"""

from __future__ import annotations

from django.db import connections, router
from procrastinate.contrib.django import app as django_app

from pgjobs.clock.procrastinate_thread import ProcrastinateThread
from pgjobs.models import Job
from pgjobs.sql import load
from pgjobs.worker.options import WorkerOptions


class LowLevelTasks:
    """Runs procrastinate tasks of the worker's queues, if the project has any tasks."""

    def __init__(self, options: WorkerOptions) -> None:
        self._options = options
        self._thread: ProcrastinateThread | None = None

    def start(self) -> None:
        if project_tasks():
            self._thread = ProcrastinateThread(
                "pgjobs-tasks",
                self._options.queues,
                concurrency=self._options.concurrency,
                wait=not self._options.burst,
            )
            self._thread.start()

    def drain(self) -> None:
        if self._thread is not None:
            self._thread.drain()

    def has_ended(self) -> bool:
        return self._thread is None or not self._thread.is_alive()

    def stop(self, timeout: float) -> None:
        if self._thread is not None:
            self._thread.stop(timeout)

    def is_idle(self) -> bool:
        """In a burst, return True if no task is due; if one is due, see that a thread runs it."""
        if self._thread is None:
            return True
        if self._thread.is_alive():
            return False
        if not self._has_waiting_tasks():
            return True
        self.start()
        return False

    def _has_waiting_tasks(self) -> bool:
        with connections[router.db_for_write(Job)].cursor() as cursor:
            cursor.execute(load("clock/waiting_tasks"), {"queues": list(self._options.queues)})
            return bool(cursor.fetchone()[0])


def project_tasks() -> list[str]:
    """Return the names of the project's tasks, without those of procrastinate and pgjobs."""
    return [
        name
        for name, task in django_app.tasks.items()
        if not name.startswith(("builtin:", "procrastinate.", "pgjobs."))
    ]
