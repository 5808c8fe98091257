"""An outcome that PostgreSQL refuses is tried again or replaced, and told as what it became."""

from __future__ import annotations

from typing import Any

from psycopg import DataError
from psycopg.errors import DeadlockDetected, SerializationFailure, UntranslatableCharacter

from pgjobs import events
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.rows.failure import Failure
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.recording.refusal import Refusals
from tests.support.told_events import ToldSoFar


def test_an_outcome_that_loses_a_conflict_is_written_at_the_next_try(told: ToldSoFar) -> None:
    conflicts: list[Exception] = [SerializationFailure(), DeadlockDetected()]
    written: list[str] = []

    def record(entries: Any) -> set[int]:
        if conflicts:
            raise conflicts.pop()
        written.append(entries[0][1].status)
        return {1}

    refusals = Refusals(record=record, locked=lambda _: (), put_back=lambda entry: None)
    outcome = Outcome(job_id=1, epoch=1, status=JobStatus.COMPLETED)
    refusals.write_apart([(Job(pk=1, epoch=1), outcome)], DeadlockDetected())

    assert written == ["completed"]
    assert not told(events.OutcomeRefused)


def test_an_outcome_whose_replacement_is_stale_is_not_told_as_stored(told: ToldSoFar) -> None:
    job = Job(pk=1, epoch=1)
    outcome = Outcome(job_id=1, epoch=1, status=JobStatus.COMPLETED, result="{")

    def record(entries: Any) -> set[int]:
        if entries[0][1].result:
            raise DataError("no JSON")
        return set()

    refusals = Refusals(record=record, locked=lambda _: (), put_back=lambda entry: None)
    refusals.write_apart([(job, outcome)], DataError("no JSON"))

    assert not told(events.OutcomeUnstorable)
    assert not refusals


def test_an_outcome_that_the_encoding_lacks_is_written_in_ascii_with_its_traceback(
    told: ToldSoFar,
) -> None:
    """Not every database is in UTF-8."""
    written: list[Outcome] = []

    def record(entries: Any) -> set[int]:
        (_, outcome) = entries[0]
        if not (outcome.error + outcome.failure.traceback).isascii():
            raise UntranslatableCharacter("no such character")
        written.append(outcome)
        return {1}

    failure = Failure(exception="ValueError", message="☃", traceback="☃ " * 60_000)
    outcome = Outcome(job_id=1, epoch=1, status=JobStatus.ERRORED, error="☃", failure=failure)
    refusals = Refusals(record=record, locked=lambda _: (), put_back=lambda entry: None)
    refusals.write_apart([(Job(pk=1, epoch=1), outcome)], UntranslatableCharacter("no"))

    (short,) = written
    assert (short.status, short.error) == ("errored", r"\u2603")
    assert short.failure is not None
    assert r"\u2603" in short.failure.traceback
    assert not told(events.OutcomeUnstorable)
    assert not refusals
