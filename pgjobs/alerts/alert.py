"""One alert, as a notifier gets it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """A condition that holds, or that has ceased to hold."""

    kind: str
    """``oldest_wait``, ``failure_rate``, ``no_worker`` or ``late_schedule``."""
    subject: str
    """The queue or the job class."""
    message: str
    """The condition in words, as it was when it began to hold."""
    is_raised: bool = True
    """False if the condition has ceased to hold."""
    since: datetime | None = None
    """The moment at which the condition was found to hold, or to hold no more."""
