"""PostgreSQL repeats the values of a row that it refuses. Nothing of pgjobs repeats them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from pgjobs import events
from pgjobs.error_texts import said_by
from pgjobs.models import Job, JournalEntry
from pgjobs.rows.failure import Failure
from pgjobs.rows.outcome import Outcome
from tests.apps.testapp.jobs import Charging
from tests.support.rows import a_job
from tests.support.sql import query

pytestmark = pytest.mark.django_db

SECRET = "hunter2-the-planted-secret"


class Refusal(SimpleNamespace):
    job: Job
    error: IntegrityError


@pytest.fixture
def refusal() -> Refusal:
    """A job with a secret that can't be cancelled, and the error of the attempt."""
    query("ALTER TABLE pgjobs_job ADD CONSTRAINT house CHECK (status <> 'cancelled') NOT VALID")
    job = a_job(kwargs={"password": SECRET})
    with pytest.raises(IntegrityError, match=SECRET[:20]) as caught, transaction.atomic():
        Job.objects.filter(pk=job.pk).update(status="cancelled", completed=timezone.now())
    return Refusal(job=job, error=caught.value)


def test_what_postgresql_says_of_a_job_that_it_refuses_tells_no_argument(
    refusal: Refusal, pgjobs: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    job = refusal.job
    for error in (refusal.error, refusal.error.__cause__):
        assert isinstance(error, Exception)
        events.tell(events.ClaimRefused(job.pk, error))
        kept = [Failure.of(error), Outcome.unreadable(1, 0, None, error).unstorable(error)]
        assert SECRET[:20] not in repr(kept)
        assert "house" in repr(kept)
    ran = pgjobs("cancel", job.pk)

    assert "house" in ran.errors
    assert "house" in caplog.text
    assert SECRET[:20] not in ran.out + ran.errors + caplog.text


def around(refused: IntegrityError) -> Iterator[Exception]:
    """Yield errors of a project that the error of PostgreSQL has led to."""
    yield refused
    yield ValueError("house")
    yield ValueError(f"house: {refused}")
    yield ExceptionGroup("house", [ValueError("other"), refused])
    yield ExceptionGroup("house", [ExceptionGroup("inside", [ValueError(str(refused)), refused])])


@pytest.mark.parametrize("place", range(5))
@pytest.mark.parametrize("cause", ["cause", "context"])
def test_an_error_that_a_refused_row_has_led_to_tells_no_argument(
    refusal: Refusal, caplog: pytest.LogCaptureFixture, place: int, cause: str
) -> None:
    error = list(around(refusal.error))[place]
    if error is not refusal.error:
        setattr(error, f"__{cause}__", refusal.error)
    failure = Failure.of(error)
    events.tell(events.JobErrored(refusal.job, error))
    events.tell(events.JobErrored(refusal.job, error, cut_traceback=failure.traceback))

    assert "house" in failure.message
    assert "check constraint" in failure.traceback
    assert "check constraint" in caplog.text
    assert SECRET[:20] not in repr(failure) + caplog.text
    assert not any(SECRET[:20] in repr(record.exc_info) for record in caplog.records)


def test_an_error_without_a_refused_row_is_logged_with_its_exception(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = ValueError("boom")
    with caplog.at_level(logging.ERROR):
        events.tell(events.JobErrored(a_job(), error))

    (record,) = caplog.records
    assert record.exc_info is not None
    assert record.exc_info[1] is error


class Unruly(ExceptionGroup):
    """Raises if it is looked into."""

    @property
    def diag(self) -> Any:
        raise KeyError("diag")

    @property
    def exceptions(self) -> Any:
        raise KeyError("exceptions")


def test_an_error_whose_attributes_raise_keeps_its_text() -> None:
    assert said_by(Unruly("boom", [ValueError()])).startswith("boom")


def test_a_bulk_action_over_a_refused_row_tells_no_argument(
    refusal: Refusal, pgjobs: Callable[..., Any]
) -> None:
    ran = pgjobs("cancel", "--queue", "default", "--yes", "--here")
    entry = JournalEntry.objects.get()

    assert entry.refused == 1
    assert "house" in entry.error
    assert SECRET[:20] not in entry.error + ran.out + ran.errors


def test_a_trigger_that_refuses_a_copied_row_tells_no_argument() -> None:
    query(
        """
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql
        AS $$BEGIN RAISE EXCEPTION 'not on Sundays'; END$$;
        CREATE TRIGGER refuse BEFORE INSERT ON pgjobs_job
        FOR EACH ROW EXECUTE FUNCTION refuse()
        """
    )
    with pytest.raises(Exception, match="COPY pgjobs_job, line 1") as caught, transaction.atomic():
        Charging.enqueue_many([{"card": 4}, {"card": 5}])

    assert said_by(caught.value) == "not on Sundays"


def test_an_error_of_another_table_keeps_its_details() -> None:
    query("CREATE TEMPORARY TABLE bill (amount integer CHECK (amount > 0)) ON COMMIT DROP")
    with pytest.raises(DatabaseError) as caught, transaction.atomic():
        query("INSERT INTO bill VALUES (-7)")

    assert "(-7)" in said_by(caught.value)
