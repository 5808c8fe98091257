"""The outcome of an attempt, as a value; ``record()`` writes it to the row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Literal

from pgjobs.choices import FINISHED, JobStatus
from pgjobs.rows.failure import Failure, said
from pgjobs.rows.text import in_ascii, kept, lacks_a_character

_FOREIGN_KEY_VIOLATION: Final = "23503"
_CHECK_VIOLATION: Final = "23514"

Successor = Literal["without user", "none"]
"""The successor of an outcome whose own successor PostgreSQL refused to insert."""

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

    @classmethod
    def unreadable(
        cls, job_id: int, epoch: int, worker_id: int | None, error: Exception
    ) -> Outcome:
        """Return the outcome of a claimed job that can't start, because its row can't be read."""
        return cls(
            job_id=job_id,
            epoch=epoch,
            worker_id=worker_id,
            status=JobStatus.ERRORED,
            error=said(error),
            failure=Failure.of(error),
        )

    @property
    def size(self) -> int:
        """The characters of its text and JSON, roughly."""
        if self.data is None and self.result is None and self.failure is None:
            return len(self.error)
        failure = len(self.failure.message) + len(self.failure.traceback) if self.failure else 0
        return len(self.error) + len(self.data or "") + len(self.result or "") + failure

    def fallbacks(self, error: BaseException) -> Iterator[Outcome]:
        """Yield the outcomes to try in place of this one, which PostgreSQL refused with ``error``.

        Each is further from this one than the one before. There is none for a job that goes back
        to its queue, unless a detail can be left out, or the row can never be claimed again.
        """
        if lacks_a_character(error) and not self._is_ascii:
            yield self._in_ascii()
            yield from self._in_ascii().fallbacks(error)
            return
        yield from self.other_successors(error)
        if not self._is_bare or _breaks_a_rule(error):
            yield self.unstorable(error)
            yield self.unstorable(error)._without_successor(error)

    @property
    def _is_ascii(self) -> bool:
        return self == self._in_ascii()

    def _in_ascii(self) -> Outcome:
        """Return this outcome as a database of any encoding can keep it."""
        failure = None
        if self.failure is not None:
            failure = Failure(
                exception=in_ascii(self.failure.exception),
                message=in_ascii(self.failure.message),
                traceback=in_ascii(self.failure.traceback),
                frame=in_ascii(self.failure.frame),
            )
        return replace(self, error=in_ascii(self.error), failure=failure)

    def other_successors(self, error: BaseException) -> Iterator[Outcome]:
        """Yield this outcome with what PostgreSQL may accept in place of the refused successor.

        A job that goes back to its queue has no successor yet.
        """
        if self.status not in FINISHED:
            return
        if getattr(error, "sqlstate", None) == _FOREIGN_KEY_VIOLATION:
            # enqueue_once() named a user for the successor, and the user was deleted since.
            yield replace(self, successor="without user")
        yield self._without_successor(error)

    def _without_successor(self, error: BaseException) -> Outcome:
        """Return this outcome as the end of its chain, which its text tells."""
        why = f"The job does not recur, because its successor could not be inserted: {said(error)}"
        text = f"{self.error}\n{why}" if self.error else why
        return replace(self, successor="none", error=kept(text))

    def unstorable(self, error: BaseException) -> Outcome:
        """Return an errored outcome that PostgreSQL can store in place of this one.

        Details that PostgreSQL may refuse are left out. The text of the outcome tells this
        outcome's status and ``error``, the refusal of PostgreSQL.
        """
        lost = f"{self.status}: {self.error[:1000]}" if self.error else self.status
        return Outcome(
            job_id=self.job_id,
            epoch=self.epoch,
            worker_id=self.worker_id,
            status=JobStatus.ERRORED,
            began=self.began,
            ended=self.ended,
            error=kept(f"The outcome ({lost}) could not be stored: {said(error)}"),
        )

    def tells_as_much_as(self, other: Outcome) -> bool:
        """Return whether this fallback of ``other`` left out no detail of it."""
        mine = self.status, self.data, self.result, self.failure
        return mine in [
            (each.status, each.data, each.result, each.failure)
            for each in (other, other._in_ascii())
        ]

    @property
    def _is_bare(self) -> bool:
        """Whether no detail can be left out, and the job is errored or goes back to its queue.

        What refuses such an outcome would refuse an errored one too, or may let the job go back
        later.
        """
        details = (self.data, self.result, self.failure)
        stays_so = self.status in (JobStatus.ERRORED, JobStatus.PENDING)
        return stays_so and all(detail is None for detail in details)


def _breaks_a_rule(error: BaseException) -> bool:
    """Return whether the row breaks a CHECK, for example because no worker can count it higher."""
    return getattr(error, "sqlstate", None) == _CHECK_VIOLATION
