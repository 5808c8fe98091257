"""Outcomes reach their rows, even if other rows are locked or the connection is lost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from django.db import connection, transaction

from pgjobs import events
from pgjobs.choices import JobStatus
from pgjobs.models import Job, JobLogEntry
from pgjobs.rows import statements
from pgjobs.rows.notes import LogLine, Progress
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from pgjobs.worker.connection import EngineConnection
from tests.apps.testapp.jobs import WaitingForFile
from tests.support.elsewhere import elsewhere, is_waited_for
from tests.support.engine import OpenConnection
from tests.support.eventually import eventually
from tests.support.job_status import has_status, status_of, until_status
from tests.support.recorder import Claim, RunningRecorder
from tests.support.sessions import terminate
from tests.support.sql import query
from tests.support.told_events import ToldSoFar
from tests.support.worker_process import RunningWorker


def test_outcomes_are_recorded_and_announced(running: RunningRecorder, claim: Claim) -> None:
    jobs = claim(3)
    for job in jobs:
        running.record(job)
    eventually(lambda: len(running.announced) == 3)
    assert {job.status for job in Job.objects.all()} == {"completed"}


def test_an_outcome_of_an_earlier_epoch_is_refused(
    running: RunningRecorder, claim: Claim, told: ToldSoFar
) -> None:
    (stale,) = claim(1)
    with connection.cursor() as cursor:
        outcome = Outcome.interrupted(stale.pk, stale.epoch, stale.worker_id)
        record(cursor, [outcome])
    (fresh,) = claim(0)
    assert (fresh.pk, fresh.epoch) == (stale.pk, 2)
    running.record(stale, JobStatus.FAILED, error="stale")
    eventually(lambda: told(events.OutcomeStale, job=stale.pk, status="failed"))
    row = Job.objects.get(pk=stale.pk)
    assert (row.status, row.epoch, row.error) == ("running", 2, "")
    assert running.announced == []


def test_a_second_outcome_of_a_finished_job_is_refused(
    running: RunningRecorder, claim: Claim, told: ToldSoFar
) -> None:
    (job,) = claim(1)
    running.record(job)
    until_status(job, "completed")
    running.record(job, JobStatus.FAILED)
    eventually(lambda: told(events.OutcomeStale, job=job.pk, status="failed"))
    assert has_status(job, "completed")
    assert len(running.announced) == 1


def test_a_released_job_that_no_worker_can_claim_again_ends_as_errored(
    running: RunningRecorder, claim: Claim
) -> None:
    """The epoch of its row has reached the highest number."""
    (job,) = claim(1)
    Job.objects.filter(pk=job.pk).update(epoch=2**31 - 1)
    job.epoch = 2**31 - 1
    running.record(job, JobStatus.PENDING, attempts_back=1)
    until_status(job, "errored")
    assert "pgjobs_job_counters_in_range" in Job.objects.get(pk=job.pk).error


def test_an_outcome_of_a_locked_row_does_not_delay_the_others(
    running: RunningRecorder, claim: Claim
) -> None:
    locked, *others = claim(3)
    with transaction.atomic():
        Job.objects.select_for_update().get(pk=locked.pk)
        for job in (locked, *others):
            running.record(job)
        eventually(lambda: all(has_status(job, "completed") for job in others))
        assert status_of(locked) == "running"
    until_status(locked, "completed")


def test_outcomes_and_progress_of_many_locked_rows_delay_the_others_for_one_wait(
    running: RunningRecorder, claim: Claim
) -> None:
    *locked, other = claim(9)
    with transaction.atomic():
        Job.objects.filter(pk__in=[job.pk for job in locked]).lock()
        for job in locked:
            running.recorder.note(Progress(job_id=job.pk, epoch=1, done=1, total=2, message=""))
            running.record(job)
        running.recorder.note(Progress(job_id=other.pk, epoch=1, done=1, total=2, message=""))
        running.record(other)
        began = time.monotonic()
        until_status(other, "completed")
        assert time.monotonic() - began < 9  # two seconds for a batch of either kind, not for a row
    for job in locked:
        until_status(job, "completed")


@pytest.mark.parametrize("table", ["pgjobs_job", "pgjobs_log"])
def test_rows_whose_trigger_waits_for_another_transaction_delay_no_other_for_long(
    table: str, running: RunningRecorder, claim: Claim
) -> None:
    *waiting, other = claim(21)
    job_id = "NEW.id" if table == "pgjobs_job" else "NEW.job_id"
    query(
        "CREATE FUNCTION project_wait() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_advisory_xact_lock(77); RETURN NEW; END $$; "
        f"CREATE TRIGGER project_wait BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW "
        f"WHEN ({job_id} <> {other.pk}) EXECUTE FUNCTION project_wait()"
    )
    try:
        with transaction.atomic():
            connection.cursor().execute("SELECT pg_advisory_xact_lock(77)")
            for job in waiting:
                running.say(job, "line")
                running.record(job)
            running.record(other)
            began = time.monotonic()
            until_status(other, "completed")
            assert time.monotonic() - began < 20  # not two seconds for each of the others
        for job in waiting:
            until_status(job, "completed")
        eventually(lambda: all(log_of(job) == ["line"] for job in waiting))
    finally:
        query("DROP FUNCTION project_wait CASCADE")


def log_of(job: Job) -> list[str]:
    lines = JobLogEntry.objects.filter(job_id=job.pk).order_by("id")
    return list(lines.values_list("message", flat=True))


def test_log_lines_of_several_jobs_lock_the_jobs_in_the_order_of_their_ids(
    open_connection: OpenConnection, claim: Claim
) -> None:
    first, second = claim(2)
    notes = [LogLine(job_id=job.pk, attempt=1, level="info", message="") for job in (second, first)]
    cursor = open_connection().cursor()
    with transaction.atomic():
        Job.objects.select_for_update().get(pk=first.pk)
        written = elsewhere(lambda: statements.write_notes(cursor, notes))
        eventually(is_waited_for)
        Job.objects.select_for_update(nowait=True).get(pk=second.pk)
    written.result(10)
    assert JobLogEntry.objects.count() == 2


@pytest.mark.parametrize("no_key", [False, True])
def test_the_log_of_a_locked_row_does_not_delay_the_others(
    running: RunningRecorder, claim: Claim, no_key: bool
) -> None:
    locked, other = claim(2)
    with transaction.atomic():
        Job.objects.select_for_update(no_key=no_key).get(pk=locked.pk)
        running.say(locked, "first")
        running.recorder.note(Progress(job_id=locked.pk, epoch=1, done=1, total=2, message=""))
        running.say(other, "here")
        running.record(other)
        until_status(other, "completed")
        running.say(locked, "second")
        assert log_of(other) == ["here"]
    eventually(lambda: log_of(locked) == ["first", "second"])
    eventually(lambda: Job.objects.get(pk=locked.pk).progress is not None)
    assert log_of(locked) == ["first", "second"]


def test_a_worker_that_waits_for_a_locked_row_gives_up_and_records_others(
    child_environment: dict[str, str], tmp_path: Path
) -> None:
    locked, free = (
        WaitingForFile.enqueue(path=str(tmp_path / name)) for name in ("locked", "free")
    )
    with RunningWorker(child_environment, "-c", "2"):
        eventually(lambda: Job.objects.filter(status="running").count() == 2)
        with transaction.atomic():
            Job.objects.select_for_update().get(pk=locked.pk)
            (tmp_path / "locked").touch()
            eventually(is_waited_for)
            (tmp_path / "free").touch()
            until_status(free, "completed")
        until_status(locked, "completed")


def lose(connection: EngineConnection) -> None:
    assert connection.current is not None
    terminate([connection.current.info.backend_pid])


def test_a_connection_lost_between_two_batches_is_replaced(
    running: RunningRecorder, claim: Claim
) -> None:
    first, second = claim(2)
    running.record(first)
    until_status(first, "completed")
    lose(running.connection)
    running.record(second)
    eventually(lambda: [job.pk for job in running.announced] == [first.pk, second.pk])
    assert has_status(second, "completed")


def test_a_connection_lost_during_a_batch_loses_no_outcome(
    open_connection: OpenConnection, claim: Claim
) -> None:
    running = RunningRecorder(open_connection())  # waits for locks without a limit
    jobs = claim(3)
    with transaction.atomic():
        Job.objects.select_for_update().get(pk=jobs[1].pk)
        for job in jobs:
            running.record(job)
        eventually(is_waited_for)
        lose(running.connection)
    eventually(lambda: all(has_status(job, "completed") for job in jobs))
    assert running.recorder.stop(10)


UNSTORABLE_JSON = {"NUL": r'"\u0000"', "surrogate": r'"\udcff"', "no JSON": "{"}


@pytest.mark.parametrize("status", [JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.ERRORED])
@pytest.mark.parametrize("field", ["result", "data"])
@pytest.mark.parametrize("value", UNSTORABLE_JSON.values(), ids=UNSTORABLE_JSON)
def test_an_outcome_that_cannot_be_stored_makes_its_job_errored_and_spares_the_others(
    running: RunningRecorder, claim: Claim, status: JobStatus, field: str, value: str
) -> None:
    bad, good = claim(2)
    running.record(bad, status, error="why", **{field: value})
    running.record(good)
    until_status(good, "completed")
    eventually(lambda: status_of(bad) == "errored")
    error = Job.objects.get(pk=bad.pk).error
    assert f"({status}: why) could not be stored" in error


@pytest.mark.parametrize("text", ["a NUL: \x00", "a surrogate: \udcff"])
def test_a_note_that_cannot_be_stored_spares_the_others_and_the_outcome(
    running: RunningRecorder, claim: Claim, text: str
) -> None:
    (job,) = claim(1)
    for message in ("before", text, "after"):
        line = LogLine(job_id=job.pk, attempt=1, level="info", message=message)
        running.recorder.note(line)
    running.recorder.note(Progress(job_id=job.pk, epoch=1, done=1, total=2, message=text))
    running.record(job)
    until_status(job, "completed")
    messages = JobLogEntry.objects.values_list("message", flat=True)
    assert {"before", "after"} <= set(messages)


def test_a_recorder_that_stops_writes_the_remaining_outcomes(
    open_connection: OpenConnection, claim: Claim
) -> None:
    running = RunningRecorder(open_connection())
    jobs = claim(500)
    for job in jobs:
        running.record(job)
    assert running.recorder.stop(10)
    assert Job.objects.filter(status="completed").count() == 500
