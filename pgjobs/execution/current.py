"""The job that the current thread or coroutine runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any


class Run:
    """One run of a job, until it ends.

    A thread or a task that the job has started may have a copy of the job's context, and outlive
    the job. So the end is written here, and not in the context.
    """

    __slots__ = ("row",)

    def __init__(self, row: Any) -> None:
        self.row = row

    def end(self) -> None:
        self.row = None


_run: ContextVar[Run | None] = ContextVar("pgjobs_run", default=None)


def begin(row: Any) -> Run:
    """Let ``row`` be the running job of this context until ``end()``."""
    run = Run(row)
    _run.set(run)
    return run


def running_row() -> Any:
    """Return the row of the job that runs here, or None outside a job."""
    run = _run.get()
    return None if run is None else run.row


@contextmanager
def resumed_afterwards() -> Iterator[None]:
    """Let the job that runs here be the running one again, after a job that it runs inside."""
    outer = _run.get()
    try:
        yield
    finally:
        _run.set(outer)
