"""The outcome of an attempt, as a value; ``record()`` writes it to the row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pgjobs.choices import JobStatus
from pgjobs.rows.failure import Failure
from pgjobs.rows.text import kept

Successor = Literal["without user", "none"]
"""What the successor of a job lacks, if it can't be inserted as its predecessor asks."""

Line = tuple[int, str]
"""A line for the job's log: a level of the module ``logging``, and the text."""


# Not frozen: one outcome is made for each job, and a frozen one takes three times as long.
@dataclass(slots=True, kw_only=True)
class Outcome:
    """The end of one epoch of one job.

    ``began`` and ``ended`` are readings of ``time.monotonic()``. 0.0 means that the moment is not
    known. `record()` sends them as ages: in `record.sql` the names mean seconds before the
    statement, and the database turns these into moments of its own clock.
    """

    job_id: int
    epoch: int
    status: JobStatus
    worker_id: int | None = None
    """Guards the row beside the epoch: if a server crash undid this worker's claim, another worker
    may have claimed the same epoch."""
    began: float = 0.0
    ended: float = 0.0
    error: str = ""
    failure: Failure | None = None
    data: str | None = None
    """JSON text that replaces ``job.data``; None keeps the ``data`` of the row."""
    result: str | None = None
    delay: timedelta | None = None
    """The wait of a job that goes back to its queue, until the job is due again."""
    due: datetime | None = None
    """The moment at which a job that goes back to its queue is due again."""
    attempts_back: int = 0
    interruptions: int = 0
    successor: Successor | None = None
    is_recorded: bool = False
    """Whether the transaction of the job's own work has written this outcome already."""
    lines: tuple[Line, ...] = ()
    """The lines about this outcome in the job's log."""
    cause: BaseException | None = None
    """The exception that makes this outcome an error, until the log of the process has it."""

    @classmethod
    def released(cls, job_id: int, epoch: int, worker_id: int | None = None) -> Outcome:
        """Return the outcome that puts a claimed job back in its queue, free of charge."""
        return cls(
            job_id=job_id,
            epoch=epoch,
            worker_id=worker_id,
            status=JobStatus.PENDING,
            attempts_back=1,
        )

    @classmethod
    def interrupted(cls, job_id: int, epoch: int, worker_id: int | None = None) -> Outcome:
        """Return the outcome of a job that lost its worker.

        The job goes back to its queue. The interruption is counted, the attempt is not.
        """
        return replace(cls.released(job_id, epoch, worker_id), interruptions=1)

    def unstorable(self, error: Exception) -> Outcome:
        """Return an errored outcome that PostgreSQL can store in place of this one.

        Details that PostgreSQL may refuse are left out. The text of the outcome tells this
        outcome's status and ``error``, the refusal of PostgreSQL.
        """
        said = f"{self.status}: {self.error}" if self.error else self.status
        return Outcome(
            job_id=self.job_id,
            epoch=self.epoch,
            worker_id=self.worker_id,
            status=JobStatus.ERRORED,
            began=self.began,
            ended=self.ended,
            error=kept(f"The outcome ({said}) could not be stored: {error}"),
        )

    @property
    def is_bare(self) -> bool:
        """Return whether `unstorable` would help nothing.

        It helps nothing if there is no detail to leave out and the job is errored already, or goes
        back to its queue.
        """
        details = (self.data, self.result, self.failure)
        is_plain = self.status in (JobStatus.ERRORED, JobStatus.PENDING)
        return is_plain and all(detail is None for detail in details)
