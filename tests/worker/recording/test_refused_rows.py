"""A trigger of the project refuses a change by the worker: the row waits, and no other row does."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.models import F

from pgjobs import events
from pgjobs.models import Job, JobLogEntry, WorkerProcess
from pgjobs.worker.held import FLUSH_TIMEOUT
from pgjobs.worker.recording import refusal
from pgjobs.worker.recording.refusal import REFUSED_INTERVAL
from pgjobs.worker.worker import Worker
from tests.apps.testapp.jobs import Held, Logging, Noop
from tests.support import traces
from tests.support.elsewhere import elsewhere
from tests.support.engine import some_options
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.job_status import has_status, status_of, until_status
from tests.support.rows import undo_claim
from tests.support.told_events import ToldSoFar
from tests.support.worker_process import RunningWorker, run_burst

_FUNCTION = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE 'not in this house';
END $$;
"""
_SUPPRESS = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RETURN {};
END $$;
"""
_REFUSE = """
CREATE TRIGGER refuse BEFORE UPDATE ON pgjobs_job FOR EACH ROW
    WHEN (OLD.status = 'running' AND OLD.kwargs ? 'refused' AND NEW.status IN ({}))
    EXECUTE FUNCTION refuse()
"""
_REFUSE_LINES = """
CREATE TRIGGER refuse BEFORE INSERT ON pgjobs_log FOR EACH ROW
    WHEN (NEW.message = '{}') EXECUTE FUNCTION refuse()
"""
_ACCEPT_COMPLETED = """
CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.status = 'completed' THEN RETURN NEW; END IF;
    RAISE 'not in this house';
END $$;
"""
_ACCEPT = "DROP FUNCTION IF EXISTS refuse CASCADE"
ANY_END = "'completed', 'errored', 'failed', 'pending'"


class House:
    """A trigger that decides which ends of jobs with the argument `refused` are refused."""

    def refuse(self, statuses: str = ANY_END) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_FUNCTION + _REFUSE.format(statuses))

    def suppress(self, statuses: str, *, answer: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_SUPPRESS.format(answer) + _REFUSE.format(statuses))

    def refuse_lines(self, message: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_FUNCTION + _REFUSE_LINES.format(message))

    def accept_completed(self) -> None:
        """Refuse the other ends still: the recorder may be between the first try and the next."""
        with connection.cursor() as cursor:
            cursor.execute(_ACCEPT_COMPLETED)

    def accept(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_ACCEPT)


@pytest.fixture
def house(empty_queue: None) -> Iterator[House]:
    house = House()
    yield house
    house.accept()


def test_a_job_whose_end_a_trigger_refuses_is_errored_with_the_reason(
    child_environment: Environment, house: House
) -> None:
    house.refuse("'completed'")
    refused, other = Noop.enqueue(refused=True), Noop.enqueue()
    run_burst(child_environment)
    refused.refresh_from_db()
    assert (refused.status, status_of(other)) == ("errored", "completed")
    assert "(completed) could not be stored: not in this house" in refused.error


@pytest.mark.parametrize("answer", ["NULL", "OLD"])
def test_a_job_whose_end_a_trigger_suppresses_is_errored_with_the_reason(
    child_environment: Environment, house: House, answer: str
) -> None:
    house.suppress("'completed'", answer=answer)
    refused = Noop.enqueue(refused=True)
    others = Noop.enqueue_many({} for _ in range(3))
    output = run_burst(child_environment)
    refused.refresh_from_db()
    assert (refused.status, refused.epoch) == ("errored", 1)
    assert "(completed) could not be stored: nothing was changed" in refused.error
    assert Job.objects.filter(pk__in=others, status="completed").count() == 3
    assert "moved on" not in output


@pytest.mark.parametrize("answer", ["NULL", "OLD"])
def test_a_job_whose_every_end_a_trigger_suppresses_waits_until_one_is_accepted(
    child_environment: Environment, house: House, answer: str
) -> None:
    house.suppress(ANY_END, answer=answer)
    refused = Noop.enqueue(refused=True)
    with RunningWorker(child_environment) as worker:
        worker.until_told(events.OutcomeRefused, job=refused.pk)
        house.accept()
        until_status(refused, "completed")
        assert worker.stop() == 0
        assert len(worker.told(events.OutcomeRefused)) == 1
        assert not worker.told(events.OutcomeStale)


def test_a_job_whose_every_end_is_refused_waits_until_one_is_accepted_and_delays_no_other(
    child_environment: Environment, house: House
) -> None:
    house.refuse()
    refused = Noop.enqueue(refused=True)
    with RunningWorker(child_environment, "-c", "1") as worker:
        worker.until_told(events.OutcomeRefused, job=refused.pk)
        for _ in range(3):  # longer than the time between two tries
            job = Held.enqueue()
            traces.release()
            until_status(job, "completed")
            time.sleep(REFUSED_INTERVAL / 2)
        assert status_of(refused) == "running"
        house.accept_completed()
        until_status(refused, "completed")
        assert worker.stop() == 0
        (told,) = worker.told(events.OutcomeRefused)
        assert "not in this house" in told["error"]
    refused.refresh_from_db()
    assert (refused.epoch, refused.result) == (1, {"refused": True})


def test_a_refused_outcome_that_becomes_stale_is_told_as_stale_and_not_as_written(
    child_environment: Environment, house: House
) -> None:
    house.refuse()
    refused = Noop.enqueue(refused=True)
    with RunningWorker(child_environment) as worker:
        worker.until_told(events.OutcomeRefused, job=refused.pk)
        Job.objects.filter(pk=refused.pk).update(epoch=F("epoch") + 1)
        worker.until_told(events.OutcomeStale, job=refused.pk)
        assert not worker.told(events.OutcomeAcceptedAfterAll)


def test_a_job_whose_end_is_refused_does_not_run_again_when_its_claim_is_undone(
    house: House, monkeypatch: pytest.MonkeyPatch, told: ToldSoFar
) -> None:
    monkeypatch.setattr(refusal, "REFUSED_INTERVAL", 3600)  # or it may find out in between
    house.refuse()
    refused = Noop.enqueue(refused=True)
    worker = Worker(some_options())
    ended = elsewhere(worker.run)
    try:
        eventually(lambda: told(events.OutcomeRefused, job=refused.pk))
        undo_claim(refused)
        eventually(Job.objects.filter(pk=refused.pk, status="running", epoch=1).exists)
        until_status(Noop.enqueue(), "completed")
    finally:
        worker.stop()
        assert ended.result(FLUSH_TIMEOUT) is False
    assert len(told(events.JobStarted)) == 2


def test_a_job_whose_end_stays_refused_runs_again_after_its_worker_died_and_delays_no_rescue(
    child_environment: Environment, house: House
) -> None:
    house.refuse()
    refused = Noop.enqueue(refused=True)
    with RunningWorker(child_environment) as worker:
        worker.until_told(events.OutcomeRefused, job=refused.pk)
        held = Held.enqueue()
        traces.until("started")
        worker.kill()
    with RunningWorker(child_environment) as worker:
        traces.until("started", 2)
        traces.release()
        until_status(held, "completed")
        worker.until_told(events.RescueRefused, job_id=refused.pk)
        assert status_of(refused) == "running"
        house.accept()
        until_status(refused, "completed")
    refused.refresh_from_db()
    assert (refused.epoch, refused.interruptions) == (2, 1)


def test_a_worker_that_stops_with_a_refused_end_exits_1_without_waiting(
    child_environment: Environment, house: House
) -> None:
    house.refuse()
    refused, other = Noop.enqueue(refused=True), Noop.enqueue()
    with RunningWorker(child_environment) as worker:
        worker.until_told(events.OutcomeRefused, job=refused.pk)
        worker.terminate()
        assert worker.wait(FLUSH_TIMEOUT) == 1
    assert (status_of(refused), status_of(other)) == ("running", "completed")
    assert not WorkerProcess.objects.filter(stopped__isnull=False).exists()


def test_a_log_line_that_a_trigger_refuses_is_left_out(
    child_environment: Environment, house: House
) -> None:
    house.refuse_lines("a warning line")
    job = Logging.enqueue()
    run_burst(child_environment)
    assert has_status(job, "completed")
    messages = JobLogEntry.objects.values_list("message", flat=True)
    assert set(messages) == {"a debug line", "an info line", "an error line"}
