"""Waiting rows that refuse their claim or their promotion, told apart from their neighbours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import psycopg

from pgjobs import events
from pgjobs.choices import WAITING, JobStatus
from pgjobs.rows.end_waiting import end_waiting
from pgjobs.rows.failure import Failure, said
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.silence import RefusedSilently
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.errors import is_away, is_passing

T = TypeVar("T")

APART_AT_ONCE: Final = 100
"""Rows that are tried one by one before the next batch is tried."""
TRIES: Final = 3
"""Refusals of a row after which its job ends as errored."""
TRY_INTERVAL: Final = 1.0
"""Seconds until a row that refused is tried again."""
_MOST_WAITS: Final = 5
"""Rows in one go that may wait for a lock in vain; then the worker looks after its other work."""
_SURE: Final = 3
"""Tries in a row that must change nothing, until the row counts as one that refuses silently."""
_STUCK_INTERVAL: Final = 60.0
_FORGET_AFTER: Final = 600.0


@dataclass(slots=True)
class _Refusal:
    tries: int = 0
    waits: int = 0
    """How often another transaction was in the way."""
    next_try: float = 0.0
    is_stuck: bool = False
    """PostgreSQL also refuses to end the job."""


class RefusingRows:
    """Tries rows one by one, and ends the jobs of the rows that refuse again and again.

    A trigger, a policy or a constraint of the project may refuse a row, with an error or silently,
    or a counter may be at its end; or a trigger may wait for what another transaction holds. In a
    batch, such a row would hold up the others.
    """

    def __init__(self, connection: EngineConnection, *, announce: Callable[[int], None]) -> None:
        """``announce`` is called with the id of each job that ended as errored."""
        self._connection = connection
        self._announce = announce
        self._known: dict[int, _Refusal] = {}

    def set_aside(self) -> list[int]:
        """Return the ids of the rows that are not to be tried at this moment."""
        now = time.monotonic()
        for row, refusal in list(self._known.items()):
            if now > refusal.next_try + _FORGET_AFTER:
                del self._known[row]
        return [row for row, refusal in self._known.items() if now < refusal.next_try]

    def stuck(self) -> list[int]:
        """Return the ids of set-aside rows whose jobs can be neither started nor ended."""
        return [row for row in self.set_aside() if self._known[row].is_stuck]

    def take_apart(
        self,
        rows: Iterable[int],
        take: Callable[[int], list[T]],
        *,
        status: JobStatus,
        worker: int | None = None,
    ) -> list[T]:
        """Call ``take`` with each of ``rows``, and return all that it returned.

        ``take`` changes rows of this ``status``: a rival has taken a row of another one. If
        ``worker`` is given, it is the id of the worker that takes the rows, and it must be alive.
        """
        taken: list[T] = []
        waits = 0
        for row in rows:
            try:
                taken += self._take(row, take, status, worker)
            except psycopg.Error as error:
                if is_away(error):
                    if taken:
                        return taken  # the next statement meets the error again
                    raise
                self._refused(row, error)
                waits += is_passing(error)
                if waits == _MOST_WAITS:
                    break
            else:
                self._known.pop(row, None)
        return taken

    def _take(
        self, row: int, take: Callable[[int], list[T]], status: JobStatus, worker: int | None
    ) -> list[T]:
        """Return what ``take`` returns. Raises RefusedSilently if ``row`` stays as it is.

        ``take`` passes over a row that another transaction holds, and this transaction may end just
        before the look at the row. So one try proves nothing.
        """
        for _ in range(_SURE):
            if (got := take(row)) or not self._could_change(row, [status], worker):
                return got
        raise RefusedSilently

    def _could_change(
        self, row: int, statuses: Sequence[JobStatus], worker: int | None = None
    ) -> bool:
        """Return whether ``row``, which was not changed, could have been changed."""
        cursor = self._connection.cursor()
        try:
            cursor.execute(load("apart/lock"), {"id": row})
        except psycopg.errors.LockNotAvailable:
            return False  # the other transaction may be about to change it
        values = {"id": row, "statuses": [str(each) for each in statuses], "worker": worker}
        cursor.execute(load("apart/still_waits"), values)
        return cursor.fetchone() == (True,)

    def _refused(self, row: int, error: psycopg.Error) -> None:
        if row not in self._known:
            events.tell(events.ClaimRefused(row, error))
        refusal = self._known.setdefault(row, _Refusal())
        if is_passing(error):  # the other transaction will end, so this counts as no try
            _wait_longer(refusal)
            return
        refusal.tries += 1
        refusal.next_try = time.monotonic() + TRY_INTERVAL
        if refusal.tries >= TRIES:
            self._end(row, refusal, error)

    def _end(self, row: int, refusal: _Refusal, error: psycopg.Error) -> None:
        try:
            ended = self._write_end(row, error)
            if not ended and self._could_change(row, WAITING):
                raise RefusedSilently
        except psycopg.Error as worse:
            if is_away(worse):
                raise
            if is_passing(worse):
                _wait_longer(refusal)
                return
            if not refusal.is_stuck:
                events.tell(events.WaitingJobStuck(row, worse))
            refusal.is_stuck = True
            refusal.next_try = time.monotonic() + _STUCK_INTERVAL
            return
        del self._known[row]
        if ended:
            events.tell(events.WaitingJobErrored(row, error))
            self._announce(row)

    def _write_end(self, row: int, error: psycopg.Error) -> bool:
        """End the job with its successor, or without one if PostgreSQL refuses it.

        Return False if the job does not wait any more.
        """
        end = _end_of(row, error)
        try:
            return end_waiting(self._connection.cursor(), end)
        except psycopg.Error as worse:
            if is_away(worse) or is_passing(worse):
                raise
            return self._write_other_end(end, worse)

    def _write_other_end(self, end: Outcome, error: psycopg.Error) -> bool:
        for fallback in end.other_successors(error):
            try:
                ended = end_waiting(self._connection.cursor(), fallback)
            except psycopg.Error as worse:
                if is_away(worse) or is_passing(worse):
                    raise
            else:
                if ended and fallback.successor == "none":
                    events.tell(events.SuccessorLost(end.job_id, error))
                return ended
        raise error


def _wait_longer(refusal: _Refusal) -> None:
    refusal.waits += 1
    seconds = TRY_INTERVAL * 2 ** min(refusal.waits, 6)
    refusal.next_try = time.monotonic() + min(seconds, _STUCK_INTERVAL)


def _end_of(row: int, error: psycopg.Error) -> Outcome:
    why = (
        f"The job could not be started: PostgreSQL refused {TRIES} times to change its row. "
        f"PostgreSQL said: {said(error)}"
    )
    return Outcome(
        job_id=row, epoch=0, status=JobStatus.ERRORED, error=why, failure=Failure.of(error)
    )
