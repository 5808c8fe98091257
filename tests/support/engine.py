"""Parts of a worker, made for tests that use them without the worker around them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from pgjobs.choices import JobIsolation
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness.janitor import Janitor
from pgjobs.worker.options import WorkerOptions
from pgjobs.worker.recording.announcer import tell_rescued
from pgjobs.worker.slots.isolated import Isolation
from pgjobs.worker.slots.pool import Pool

OpenConnection = Callable[..., EngineConnection]
"""The fixture ``open_connection``."""


def a_janitor() -> Janitor:
    """Return a janitor that has just started to look."""
    return Janitor(tell_rescued)


def a_pool(outcomes: list[Outcome | None]) -> Pool:
    """Return a pool of one slot that appends the outcomes of its jobs to ``outcomes``."""
    return Pool(
        1,
        isolation=Isolation(None, JobIsolation.THREAD),
        on_ended=lambda job, outcome: outcomes.append(outcome),
        note=lambda note: None,
        on_freed=lambda: None,
    )


def some_options() -> WorkerOptions:
    return WorkerOptions(
        queues=("default",), concurrency=1, name="w", shutdown_timeout=timedelta(seconds=1)
    )
