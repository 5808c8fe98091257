"""How many jobs come and go in a second, measured between two looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pgjobs.stats import Departures


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Jobs in a second."""

    arrived: float
    ended: float
    unsuccessful: float


class Meter:
    """Remembers the last look, and compares the next one with it."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget the last look: too much may have happened since."""
        self.since: datetime | None = None
        self._live = 0

    def measure(self, ended: Departures, live: int) -> Rates | None:
        """Return the rates since the last look, or None at the first one.

        ``ended`` counts from ``self.since``. ``live`` jobs have not ended. A job that has come is
        live or has ended.
        """
        since, before = self.since, self._live
        self.since, self._live = ended.now, live
        if since is None or (seconds := (ended.now - since).total_seconds()) <= 0:
            return None
        return Rates(
            arrived=max(0, live - before + ended.ended) / seconds,
            ended=ended.ended / seconds,
            unsuccessful=ended.unsuccessful / seconds,
        )
