"""Deleted jobs stay deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction

from pgjobs.choices import JobStatus
from pgjobs.models import Job, JobLogEntry
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from tests.apps.testapp.jobs import Logging, Noop
from tests.support.elsewhere import elsewhere, is_waited_for
from tests.support.eventually import eventually
from tests.support.rows import a_finished_job
from tests.support.sql import query

pytestmark = pytest.mark.django_db


def test_a_deleted_job_is_deleted_with_its_log() -> None:
    job = Logging.enqueue()
    job.run_here()

    job.delete()

    assert (Job.objects.count(), JobLogEntry.objects.count()) == (0, 0)


def test_a_running_job_that_was_deleted_does_not_come_back() -> None:
    job = Noop.enqueue(interval=60)
    job.start()
    Job.objects.all().delete()

    with connection.cursor() as cursor:
        record(cursor, [Outcome(job_id=job.pk, epoch=job.epoch, status=JobStatus.COMPLETED)])

    assert not Job.objects.exists()


def test_a_log_line_for_a_deleted_job_is_dropped() -> None:
    job = Noop.enqueue()
    Job.objects.all().delete()

    job.say(20, "too late")

    assert not JobLogEntry.objects.exists()


def test_the_place_of_a_deleted_job_is_free() -> None:
    Noop.enqueue_once(interval=60).delete()

    assert Noop.enqueue_once(interval=60) == Job.objects.get()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "delete",
    [
        lambda job: job.delete(),
        lambda job: Job.objects.filter(pk=job.pk).delete(),
        lambda job: query("DELETE FROM pgjobs_job WHERE id = %s", job.pk),
    ],
    ids=["one", "a query set", "by SQL"],
)
def test_a_log_line_that_commits_while_its_job_is_deleted_goes_with_the_job(
    delete: Callable[[Job], Any],
) -> None:
    job = a_finished_job()
    with transaction.atomic():
        job.say(20, "too late")
        deletion = elsewhere(lambda: delete(job))
        eventually(is_waited_for)
    deletion.result(10)

    assert (Job.objects.count(), JobLogEntry.objects.count()) == (0, 0)


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_a_deleted_job_can_be_neither_cancelled_nor_retried(verb: str) -> None:
    job = Noop.enqueue()
    Job.objects.all().delete()

    assert getattr(job, verb)() is False


@pytest.mark.django_db(transaction=True)
def test_a_job_that_is_deleted_as_it_is_cancelled_raises_nothing() -> None:
    job = Noop.enqueue()
    query(
        "CREATE FUNCTION project_forget() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "DELETE FROM pgjobs_job WHERE id = NEW.id; RETURN NULL; END $$; "
        "CREATE TRIGGER project_forget AFTER UPDATE ON pgjobs_job "
        "FOR EACH ROW EXECUTE FUNCTION project_forget()"
    )
    try:
        assert job.cancel()
    finally:
        query("DROP FUNCTION project_forget CASCADE")
