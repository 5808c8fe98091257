"""Batches are bounded by their size, and a batch that is more than the server bears is split."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection

from pgjobs import events
from pgjobs.models import JobLogEntry
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.recording import delivery
from pgjobs.worker.recording.delivery import Delivery
from tests.support.engine import OpenConnection
from tests.support.eventually import eventually
from tests.support.job_status import has_status, until_status
from tests.support.recorder import Claim, RunningRecorder
from tests.support.told_events import ToldSoFar

# A statement that writes more than 10,000 characters needs more of the server than it has.
_FRAIL = """
CREATE FUNCTION break_down() RETURNS trigger
LANGUAGE plpgsql SET work_mem = '64kB' SET temp_file_limit = 0 AS $$
BEGIN
    IF (SELECT sum(length(written.{column}::text)) FROM written) > 10000 THEN
        PERFORM count(*) FROM generate_series(1, 100000) AS too_many;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER break_down AFTER {event} ON {table} REFERENCING NEW TABLE AS written
    FOR EACH STATEMENT EXECUTE FUNCTION break_down();
"""


@pytest.fixture
def frail_jobs(empty_queue: None) -> Iterator[None]:
    yield from frail("pgjobs_job", "UPDATE", "data")


@pytest.fixture
def frail_log(empty_queue: None) -> Iterator[None]:
    yield from frail("pgjobs_log", "INSERT", "message")


def frail(table: str, event: str, column: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(_FRAIL.format(table=table, event=event, column=column))
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION break_down CASCADE")


def data_of(size: int) -> str:
    return f'"{"x" * size}"'


def messages() -> list[str]:
    return list(JobLogEntry.objects.order_by("id").values_list("message", flat=True))


def test_outcomes_that_are_too_much_for_one_statement_are_written_by_several(
    frail_jobs: None, open_connection: OpenConnection, claim: Claim, told: ToldSoFar
) -> None:
    jobs = claim(20)
    running = RunningRecorder(open_connection())
    for job in jobs:
        running.record(job, data=data_of(3000))
    eventually(lambda: all(has_status(job, "completed") for job in jobs))
    assert running.recorder.stop(10)
    assert sorted(job.pk for job in running.announced) == [job.pk for job in jobs]
    assert not told(events.DatabaseAway)


def test_an_outcome_that_is_too_much_by_itself_ends_its_job_as_errored_and_spares_the_others(
    frail_jobs: None,
    running: RunningRecorder,
    claim: Claim,
    told: ToldSoFar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "HEAVY", 10_000)
    heavy, *others = claim(5)
    running.record(heavy, data=data_of(20_000), error="why")
    for job in others:
        running.record(job)
    until_status(heavy, "errored")
    eventually(lambda: all(has_status(job, "completed") for job in others))
    heavy.refresh_from_db()
    assert "The outcome (completed: why) could not be stored: temporary file size" in heavy.error
    assert heavy.data is None
    assert len(told(events.OutcomeUnstorable, job=heavy.pk, status="completed")) == 1
    assert not told(events.DatabaseAway)


def test_log_lines_that_are_too_much_for_one_statement_are_written_by_several_in_their_order(
    frail_log: None, running: RunningRecorder, claim: Claim, told: ToldSoFar
) -> None:
    (job,) = claim(1)
    lines = [f"{number:03d}{'x' * 3000}" for number in range(20)]
    for line in lines:
        running.say(job, line)
    running.record(job)
    until_status(job, "completed")
    assert messages() == lines
    assert not told(events.DatabaseAway)


def test_a_log_line_that_is_too_much_by_itself_is_lost_alone(
    frail_log: None,
    running: RunningRecorder,
    claim: Claim,
    told: ToldSoFar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "HEAVY", 10_000)
    (job,) = claim(1)
    for message in ("before", "x" * 20_000, "after"):
        running.say(job, message)
    running.record(job)
    until_status(job, "completed")
    assert messages() == ["before", "after"]
    assert len(told(events.NoteLost, job_id=job.pk, error="temporary file size")) == 1


def test_a_batch_holds_no_more_than_its_bound_or_one_item(
    open_connection: OpenConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "LARGEST_BATCH_SIZE", 10)
    batches: list[str] = []
    Delivery(open_connection()).deliver(
        ["aaaa", "bbbb", "c", "d" * 11, "e", "f"],
        lambda batch: batches.append(" ".join(batch)),
        size_of=len,
        write_instead=lambda item, error: None,
    )
    assert batches == ["aaaa bbbb c", "d" * 11, "e f"]


def test_the_size_of_an_outcome_counts_all_its_texts() -> None:
    outcome = Outcome(job_id=1, epoch=1, status="completed", error="1", data="22", result="333")  # type: ignore[arg-type]
    assert outcome.size == 6
