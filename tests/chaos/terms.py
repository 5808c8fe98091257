"""The way from the workers to PostgreSQL, and the times that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pgjobs.conf import Settings

_LOCKS_COUNT_AFTER: Final = 1.3 + 3.0
"""Seconds after a server start in which a missing session lock says nothing: a worker reconnects,
and then waits for the other workers (`suspicion.RECONNECTING`)."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Pooled workers have no session, hence no lock that tells of their death. The lease alone
    tells of it, and its length is the default one."""

    is_pooled: bool
    lease: float

    @classmethod
    def choose(cls, *, is_pooled: bool, lease: float | None) -> Terms:
        usual = Settings().HEARTBEAT_TIMEOUT if is_pooled else 5.0
        return cls(is_pooled=is_pooled, lease=lease or usual)

    @property
    def mode(self) -> str:
        return "pooled" if self.is_pooled else "sessions"

    @property
    def settings(self) -> dict[str, Any]:
        return {
            "HEARTBEAT_TIMEOUT": self.lease,
            "HEARTBEAT_INTERVAL": self.lease / 5,  # in the proportion of the defaults
            # In this run no job kills its worker.
            "MAX_INTERRUPTIONS": 1000,
        }

    @property
    def slots(self) -> int:
        """The slots of each process. They suffice even if half or three quarters of the workers are
        away: faults outlast the lease, so with a long lease more faults overlap."""
        return 32 if self.is_pooled else 16

    @property
    def locks_count_after(self) -> float:
        return 0.0 if self.is_pooled else _LOCKS_COUNT_AFTER

    @property
    def unsettled(self) -> float:
        """Seconds after a restart or a cut until a death is noticed as quickly as ever."""
        if self.is_pooled:
            return 10.0  # to connect again, and to hear the other workers
        return _LOCKS_COUNT_AFTER + self.lease + 2.0

    @property
    def worst_wait(self) -> float:
        """The target for the time from a death to the restart of its jobs."""
        return 20.0 if self.is_pooled else 5.0
