"""Events of the metrics."""

from __future__ import annotations

from dataclasses import dataclass

from pgjobs.events.telling import Event


@dataclass(slots=True)
class MetricsUnreadable(Event):
    """Numbers for a scrape could not be read: all ``metrics``, or the ``statistics`` alone."""

    part: str
    error: BaseException
