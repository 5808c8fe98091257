"""What a worker is told at its start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerOptions:
    """One worker's orders; the command builds them from its arguments and the settings."""

    queues: tuple[str, ...]
    """Served strictly in this order."""
    name: str
    concurrency: int
    shutdown_timeout: timedelta
    burst: bool = False
    """Stop when nothing is due."""
    max_jobs: int | None = None
    """Stop after claiming this many."""
