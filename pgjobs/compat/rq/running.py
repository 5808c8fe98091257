"""The job that the current thread or coroutine runs.

It is known from the import of this module on, for jobs of every kind.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

from pgjobs import events
from pgjobs.choices import JobStatus

_started: ContextVar[tuple[Any, ...]] = ContextVar("pgjobs_compat_rq_started", default=())
"""The rows of the jobs that run in this context. A job can run an immediate one inside itself."""


def running_row() -> Any:
    """Return the row of the innermost running job, or None outside a job."""
    rows = _still_running()
    return rows[-1] if rows else None


def _still_running() -> tuple[Any, ...]:
    return tuple(row for row in _started.get() if getattr(row, "status", None) == JobStatus.RUNNING)


def _remember(event: events.JobStarted) -> None:
    # Ended jobs are dropped here: a thread that runs immediate jobs for years has one context.
    _started.set((*_still_running(), event.job))


events.listen(events.JobStarted, _remember)
