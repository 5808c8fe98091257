"""The options of one worker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pgjobs.choices import JobIsolation


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """The options of one worker, which the command builds from its arguments and the settings."""

    queues: tuple[str, ...]
    """The worker serves them strictly in this order."""
    name: str
    concurrency: int
    shutdown_timeout: timedelta
    burst: bool = False
    """The worker stops when nothing is due."""
    max_jobs: int | None = None
    """The worker stops after it has claimed and run this many jobs."""
    isolation: str = JobIsolation.THREAD
    """Where jobs run whose class does not say it."""
