"""What an attempt came to, as a value; ``transitions.record`` writes it to the row."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pgjobs.choices import FINISHED, JobStatus
from pgjobs.rows.text import storable


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One entry of ``job.errors``: how one attempt ended badly."""

    exception: str
    message: str
    traceback: str

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """Describe ``error`` without trusting it: its ``__str__`` may itself raise."""
        return cls(
            exception=qualified_name(error),
            message=shown(error, str),
            traceback=storable("".join(_trace(error))),
        )


# A value, though not frozen: one is made for each job, and frozen it takes three times as long.
@dataclass(slots=True, kw_only=True)
class Outcome:
    """The end of one epoch of one job.

    ``began`` and ``ended`` are readings of ``time.monotonic()``: the database
    turns their age into its own time when the outcome is written.
    """

    job_id: int
    epoch: int
    status: JobStatus
    worker_id: int | None = None
    """Guards beside the epoch: a claim that a server crash undid may be followed by another
    worker's claim of the same epoch."""
    began: float = 0.0
    ended: float = 0.0
    error: str = ""
    failure: Failure | None = None
    data: str | None = None
    """JSON text that replaces ``job.data``; None leaves the row's."""
    result: str | None = None
    delay: timedelta | None = None
    """How long the job waits before it is due again, for those that go back to their queue."""
    due: datetime | None = None
    """The same as a moment."""
    attempts_back: int = 0
    interruptions: int = 0
    is_recorded: bool = False
    """Already written, in the transaction of the job's own work."""

    @classmethod
    def released(cls, job_id: int, epoch: int, worker_id: int | None = None) -> Outcome:
        """Claimed but not started: back to the queue as if nothing had happened."""
        return cls(
            job_id=job_id,
            epoch=epoch,
            worker_id=worker_id,
            status=JobStatus.PENDING,
            attempts_back=1,
        )

    @classmethod
    def interrupted(cls, job_id: int, epoch: int, worker_id: int | None = None) -> Outcome:
        """Its worker died: back to the queue, the attempt not held against the job."""
        return replace(cls.released(job_id, epoch, worker_id), interruptions=1)

    def unstorable(self, error: Exception) -> Outcome:
        """The same end with what PostgreSQL refuses left out, and the refusal said as well."""
        said = f"{self.status}: {self.error}" if self.error else self.status
        return Outcome(
            job_id=self.job_id,
            epoch=self.epoch,
            worker_id=self.worker_id,
            status=JobStatus.ERRORED,
            began=self.began,
            ended=self.ended,
            error=storable(f"The outcome ({said}) could not be stored: {error}"),
        )

    @property
    def is_bare(self) -> bool:
        """Say whether there is nothing to leave out, and nothing worse to say."""
        details = (self.data, self.result, self.failure)
        is_plain = self.status in (JobStatus.ERRORED, JobStatus.PENDING)
        return is_plain and all(detail is None for detail in details)

    @property
    def is_final(self) -> bool:
        return self.status in FINISHED


def qualified_name(error: BaseException) -> str:
    """Return the dotted path of the class of ``error``."""
    return f"{type(error).__module__}.{type(error).__qualname__}"


def shown(value: object, how: Callable[[object], str] = repr) -> str:
    """Return ``repr(value)`` or another text of it, or its type where even that raises."""
    try:
        return storable(how(value))
    except Exception as worse:  # a broken __str__ or __repr__ must not lose the outcome
        return f"{type(value).__qualname__} (showing it raised {type(worse).__name__})"


def _trace(error: BaseException) -> list[str]:
    try:
        return traceback.format_exception(error)
    except Exception:
        return traceback.format_tb(error.__traceback__)
