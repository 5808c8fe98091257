"""Refused outcomes: PostgreSQL raises an error for them, and they are set aside until accepted.

A stale outcome is not refused: its statement succeeds and changes no row.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Sequence
from typing import Final

import psycopg
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from pgjobs import events
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.errors import is_away, is_passing
from pgjobs.worker.recording.entry import Entry

REFUSED_INTERVAL: Final = 1.0
"""Seconds between two tries of the outcomes that rows refuse, which are tried one by one."""


def is_about_a_row(error: Exception) -> bool:
    """Return True if the other rows of the statement may be written without the bad row.

    The row may hold a value that can't be stored, or another transaction may hold its lock, or a
    trigger or policy of the project may refuse it, with any error. False means that PostgreSQL
    could not do anything at that moment.
    """
    if isinstance(error, psycopg.Error):
        return not is_away(error)
    return isinstance(error, (TypeError, ValueError))  # psycopg could not convert a value


class Refusals:
    """Finds the outcomes that their rows refuse, and holds them until the rows accept them."""

    def __init__(
        self,
        *,
        record: Callable[[Sequence[Entry]], Container[int]],
        record_in_haste: Callable[[Sequence[Entry]], Container[int]] | None = None,
        locked: Callable[[Sequence[Entry]], Container[int]],
        put_back: Callable[[Entry], None],
    ) -> None:
        """Take ``record``, which writes entries or raises, and returns the ids of the accepted.

        ``record_in_haste`` does the same and hardly waits for a lock. ``locked`` returns the ids of
        the jobs whose rows other transactions hold. ``put_back`` lets an entry wait like a new one.
        """
        self._record = record
        self._record_in_haste = record_in_haste or record
        self._locked = locked
        self._put_back = put_back
        self._waiting: dict[tuple[int, int], Entry] = {}
        self._kept_waiting: set[tuple[int, int]] = set()
        self._next_try = 0.0

    def __bool__(self) -> bool:
        """Whether any outcome is set aside."""
        return bool(self._waiting)

    @property
    def awaits_lock(self) -> bool:
        """Whether an outcome is set aside for a lock that another transaction will let go."""
        return not self._kept_waiting.isdisjoint(self._waiting)

    @property
    def next_try(self) -> float | None:
        """The ``time.monotonic()`` at which outcomes are tried again; None if none is set aside."""
        return self._next_try if self._waiting else None

    def write_apart(self, entries: Sequence[Entry], error: Exception) -> None:
        """Write ``entries``, which ``error`` refused together, one by one."""
        if len(entries) == 1 and not _is_conflict(error):
            self._write_instead(entries[0], error)
            return
        if isinstance(error, LockNotAvailable):
            entries = self._without_locked(entries, error)
            # A trigger of the project may wait for a lock, for each of these rows.
            for entry in entries:
                self._write_in_haste(entry)
            return
        for entry in entries:
            self._write_alone(entry)

    def _without_locked(self, entries: Sequence[Entry], error: LockNotAvailable) -> Sequence[Entry]:
        """Put back the entries whose rows are locked: each would wait for its lock by itself."""
        locked = self._locked(entries)
        for job, outcome in entries:
            if job.id in locked:
                self._set_aside(job, outcome, error)
        return [entry for entry in entries if entry[0].id not in locked]

    def shorten(self, entry: Entry, error: Exception) -> None:
        """End the job of ``entry`` as errored: its outcome breaks each session with ``error``."""
        job, outcome = entry
        short = outcome.unstorable(error)
        try:
            written = self._record([(job, short)])
        except (psycopg.Error, TypeError, ValueError) as worse:
            if not is_about_a_row(worse):
                raise
            self._write_instead((job, short), worse)
        else:
            if job.id in written:
                _tell_difference(job, outcome, short, error)

    def try_again(self) -> None:
        """Write outcomes that were set aside, until a row refuses again or none is left."""
        while self._waiting and time.monotonic() >= self._next_try:
            key, entry = next(iter(self._waiting.items()))
            if key in self._kept_waiting:
                self._write_in_haste(entry)
            else:
                self._write_alone(entry)

    def forget_decided(self, entries: Sequence[Entry], written: Container[int]) -> None:
        """Drop each set-aside entry of ``entries``: its outcome is decided, written or stale.

        ``written`` has the ids of the jobs that have their outcome in the row.
        """
        for job, _ in entries:
            key = (job.id, job.epoch)
            self._kept_waiting.discard(key)
            if self._waiting.pop(key, None) and job.id in written:
                events.tell(events.OutcomeAcceptedAfterAll(job))

    def _write_in_haste(self, entry: Entry) -> None:
        """Write ``entry``; if it has to wait for a lock, set it aside, apart from new entries."""
        job, _ = entry
        try:
            self._record_in_haste([entry])
        except LockNotAvailable:
            key = (job.id, job.epoch)
            if self._waiting.pop(key, None) is None:
                events.tell(events.OutcomeLocked(job))
            self._waiting[key] = entry
            self._kept_waiting.add(key)
            self._next_try = time.monotonic() + REFUSED_INTERVAL
        except (psycopg.Error, TypeError, ValueError) as error:
            if not is_about_a_row(error):
                raise
            self._kept_waiting.discard((job.id, job.epoch))
            self._write_alone(entry)

    def _write_alone(self, entry: Entry, *, tries: int = 3) -> None:
        try:
            self._record([entry])
        except (psycopg.Error, TypeError, ValueError) as error:
            if not is_about_a_row(error):
                raise
            if tries > 1 and _is_conflict(error):
                self._write_alone(entry, tries=tries - 1)
            else:
                self._write_instead(entry, error)

    def _write_instead(self, entry: Entry, error: Exception) -> None:
        """Write the first outcome that the row accepts: it would otherwise stay running."""
        job, outcome = entry
        refusal = error
        fallbacks = outcome.fallbacks(error)
        while not _is_passing(refusal) and (fallback := next(fallbacks, None)) is not None:
            try:
                written = self._record([(job, fallback)])
            except (psycopg.Error, TypeError, ValueError) as worse:
                if not is_about_a_row(worse):
                    raise
                refusal = worse
            else:
                if job.id in written:
                    _tell_difference(job, outcome, fallback, error)
                return
        self._set_aside(job, outcome, refusal)

    def _set_aside(self, job: Job, outcome: Outcome, error: Exception) -> None:
        key = (job.id, job.epoch)
        known = self._waiting.pop(key, None)
        if isinstance(error, LockNotAvailable):
            events.tell(events.OutcomeLocked(job))
            self._put_back((job, outcome))
            return
        if known is None:
            events.tell(events.OutcomeRefused(job, outcome.status, error))
        self._waiting[key] = job, outcome
        self._next_try = time.monotonic() + REFUSED_INTERVAL


def _is_conflict(error: Exception) -> bool:
    """Return whether PostgreSQL ended this transaction for another, by no fault of the row."""
    return isinstance(error, (DeadlockDetected, SerializationFailure))


def _is_passing(error: Exception) -> bool:
    return isinstance(error, psycopg.Error) and is_passing(error)


def _tell_difference(job: Job, outcome: Outcome, written: Outcome, error: Exception) -> None:
    """Tell what ``written`` lacks, which is in the row in place of ``outcome``."""
    if not written.tells_as_much_as(outcome):
        events.tell(events.OutcomeUnstorable(job, outcome.status, error))
    if written.successor == "none":
        events.tell(events.SuccessorLost(job.id, error))
