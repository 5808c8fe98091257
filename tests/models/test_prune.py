"""``prune()``: finished jobs are deleted once they are past their retention."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pgjobs import events
from pgjobs.choices import FINISHED, JobStatus
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job, JobLogEntry
from pgjobs.testing import run_job, time_travel
from tests.apps.testapp.jobs import Logging, Noop
from tests.support.rows import a_finished_job
from tests.support.sql import query
from tests.support.told_events import ToldSoFar

pytestmark = pytest.mark.django_db


def finished(*, days_ago: int, status: JobStatus = JobStatus.COMPLETED) -> Job:
    job = a_finished_job(status)
    Job.objects.filter(pk=job.pk).update(completed=timezone.now() - timedelta(days=days_ago))
    return job


@pytest.mark.parametrize("status", FINISHED)
def test_a_job_that_finished_before_the_retention_is_deleted(status: JobStatus) -> None:
    finished(days_ago=91, status=status)
    kept = finished(days_ago=89, status=status)

    assert Job.objects.prune(days=90) == 1
    assert list(Job.objects.all()) == [kept]


@pytest.mark.parametrize("days", [-1, 1.5, timedelta(days=90), "90", None, 3_000_000, 2**40])
def test_an_age_that_is_no_whole_number_of_days_is_refused(days: Any) -> None:
    kept = finished(days_ago=91)

    with pytest.raises(InvalidArgument, match="days must be a whole number"):
        Job.objects.prune(days=days)

    assert list(Job.objects.all()) == [kept]


def test_a_live_job_stays_however_old_it_is() -> None:
    jobs = [Noop.enqueue(), Noop.enqueue(schedule_at=timezone.now()), Noop.enqueue()]
    jobs[2].start()
    Job.objects.update(created=timezone.now() - timedelta(days=1000))

    assert Job.objects.prune(days=90) == 0
    assert Job.objects.live().count() == 3


def test_the_log_of_a_pruned_job_is_deleted() -> None:
    run_job(Logging)
    with time_travel(timedelta(days=91)):
        kept = run_job(Logging).job
        Job.objects.prune(days=90)

    assert {entry.job_id for entry in JobLogEntry.objects.all()} == {kept.pk}


def test_more_jobs_than_one_batch_are_deleted() -> None:
    Noop.enqueue_many([{}] * 2500)
    Job.objects.cancel()
    Job.objects.update(completed=timezone.now() - timedelta(days=91))

    assert Job.objects.prune(days=90) == 2500
    assert not Job.objects.exists()


@pytest.fixture(params=["a foreign key", "a trigger"])
def refusing(request: pytest.FixtureRequest) -> Callable[[Job], object]:
    """Makes a row refuse to be deleted, in the way that the parameter names."""
    if request.param == "a foreign key":
        query(
            "CREATE TABLE project_report "
            "(job_id bigint REFERENCES pgjobs_job DEFERRABLE INITIALLY DEFERRED)"
        )
        return lambda job: query("INSERT INTO project_report VALUES (%s)", job.pk)
    query(
        "CREATE TABLE project_kept (job_id bigint); "
        "CREATE FUNCTION project_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF OLD.id IN (SELECT job_id FROM project_kept) THEN RAISE 'kept'; END IF; RETURN OLD; "
        "END $$; "
        "CREATE TRIGGER project_keep BEFORE DELETE ON pgjobs_job "
        "FOR EACH ROW EXECUTE FUNCTION project_keep()"
    )
    return lambda job: query("INSERT INTO project_kept VALUES (%s)", job.pk)


def test_a_job_that_cannot_be_deleted_is_passed_over_and_named(
    refusing: Callable[[Job], object], told: ToldSoFar
) -> None:
    jobs = [finished(days_ago=200 - number) for number in range(30)]
    kept = [jobs[0], jobs[7], jobs[8]]
    for job in kept:
        refusing(job)

    assert Job.objects.prune(days=90) == 27
    assert set(Job.objects.all()) == set(kept)
    (named,) = told(events.JobsNotPruned)
    assert named["jobs"] == [job.pk for job in kept]


def test_pruning_ends_if_a_trigger_refuses_every_deletion_even_of_no_job(told: ToldSoFar) -> None:
    query(
        "CREATE FUNCTION project_keep_all() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE 'kept'; END $$; "
        "CREATE TRIGGER project_keep_all BEFORE DELETE ON pgjobs_job "
        "FOR EACH STATEMENT EXECUTE FUNCTION project_keep_all()"
    )
    kept = [finished(days_ago=91) for _ in range(3)]

    assert Job.objects.prune(days=90) == 0
    (named,) = told(events.JobsNotPruned)
    assert sorted(named["jobs"]) == [job.pk for job in kept]
