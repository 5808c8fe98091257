"""Records outcomes inside a transaction that has done other work, and does not undo this work."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from django.db import DatabaseError, OperationalError, connections, transaction

from pgjobs import events
from pgjobs.rows.accepted import Recorded
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.raised import is_of_a_trigger
from pgjobs.rows.record import record
from pgjobs.sql import load

Fallbacks = Callable[[Outcome, BaseException], Iterator[Outcome]]


def record_inside(
    using: str,
    outcomes: Sequence[Outcome],
    *,
    fallbacks: Fallbacks = Outcome.other_successors,
    moments: bool = False,
) -> dict[int, Recorded]:
    """Write ``outcomes`` in savepoints of the open transaction, and return the accepted outcomes.

    If PostgreSQL refuses an outcome, its ``fallbacks`` are tried, and the other outcomes are
    written as they are. Raises the error of PostgreSQL if it refuses every fallback too.
    """
    return _Writer(using, fallbacks, moments).write(outcomes)


@dataclass(frozen=True, slots=True)
class _Writer:
    using: str
    fallbacks: Fallbacks
    moments: bool

    def write(self, outcomes: Sequence[Outcome]) -> dict[int, Recorded]:
        try:
            return self._in_savepoint(outcomes)
        except DatabaseError as error:
            if is_about_the_session(error):
                raise
            if len(outcomes) == 1:
                return self._write_otherwise(outcomes[0], error)
        half = len(outcomes) // 2
        return {**self.write(outcomes[:half]), **self.write(outcomes[half:])}

    def _write_otherwise(self, outcome: Outcome, error: DatabaseError) -> dict[int, Recorded]:
        for fallback in self.fallbacks(outcome, error.__cause__ or error):
            try:
                recorded = self._in_savepoint([fallback])
            except DatabaseError as worse:
                if is_about_the_session(worse):
                    raise
            else:
                if recorded and fallback.successor == "none":
                    events.tell(events.SuccessorLost(outcome.job_id, error))
                return recorded
        raise error

    def _in_savepoint(self, outcomes: Sequence[Outcome]) -> dict[int, Recorded]:
        with transaction.atomic(using=self.using), connections[self.using].cursor() as cursor:
            recorded = record(cursor, outcomes, moments=self.moments)
            cursor.execute(load("references/check_users"))
            return recorded


def is_about_the_session(error: DatabaseError) -> bool:
    """Return whether another outcome would meet ``error`` too."""
    return isinstance(error, OperationalError) and not is_of_a_trigger(error.__cause__)
