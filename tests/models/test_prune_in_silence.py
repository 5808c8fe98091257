"""``prune()`` beside jobs whose deletion is undone without an error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from pgjobs import events
from pgjobs.models import Job
from pgjobs.rows import pruning
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness import pruning as liveness
from pgjobs.worker.liveness.pruning import Pruning
from tests.support.rows import a_job
from tests.support.sql import query
from tests.support.told_events import ToldSoFar

KEEPS = (
    "CREATE FUNCTION project_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "RETURN CASE OLD.name WHEN 'kept' THEN NULL ELSE OLD END; END $$; "
    "CREATE TRIGGER project_keep BEFORE DELETE ON pgjobs_job "
    "FOR EACH ROW EXECUTE FUNCTION project_keep()"
)


def old(name: str, *, days_ago: int) -> Job:
    return a_job("completed", name=name, completed=timezone.now() - timedelta(days=days_ago))


@pytest.fixture
def kept(db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Job]]:
    """More jobs than a batch that a trigger keeps, older than all others."""
    monkeypatch.setattr(pruning, "BATCH", 10)
    query(KEEPS)
    yield [old("kept", days_ago=200 - number) for number in range(12)]
    query("DROP FUNCTION project_keep CASCADE")


@pytest.mark.django_db
def test_jobs_that_a_trigger_keeps_are_named_and_hold_up_no_other(
    kept: list[Job], told: ToldSoFar
) -> None:
    for number in range(5):
        old("Noop", days_ago=150 - number)

    assert Job.objects.prune(days=90) == 5
    assert set(Job.objects.all()) == set(kept)
    (named,) = told(events.JobsNotPruned)
    assert named["jobs"] == [job.pk for job in kept]


@pytest.mark.django_db
def test_jobs_that_a_trigger_keeps_are_named_beside_jobs_that_refuse_with_an_error(
    kept: list[Job], told: ToldSoFar
) -> None:
    query("CREATE TABLE project_report (job_id bigint REFERENCES pgjobs_job)")
    referred = old("Noop", days_ago=150)
    query("INSERT INTO project_report VALUES (%s)", referred.pk)
    old("Noop", days_ago=149)

    assert Job.objects.prune(days=90) == 1
    (named,) = told(events.JobsNotPruned)
    assert named["jobs"] == [*(job.pk for job in kept), referred.pk]


@pytest.mark.django_db(transaction=True)
def test_a_worker_prunes_what_comes_after_jobs_that_a_trigger_keeps(
    open_connection: Callable[[], EngineConnection],
    kept: list[Job],
    told: ToldSoFar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(liveness, "_MOST_REFUSALS", 2)
    for number in range(5):
        old("Noop", days_ago=150 - number)

    Pruning(open_connection(), threading.Event()).take_pass()

    assert set(Job.objects.all()) == set(kept)
    (named,) = told(events.JobsNotPruned)
    assert named["jobs"] == [job.pk for job in kept]


@pytest.mark.django_db(transaction=True)
def test_a_pass_ends_once_it_knows_as_many_jobs_that_stay_as_it_may(
    open_connection: Callable[[], EngineConnection],
    kept: list[Job],
    told: ToldSoFar,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(liveness, "_MOST_PASSED_OVER", 5)

    Pruning(open_connection(), threading.Event()).take_pass()

    (named,) = told(events.JobsNotPruned)
    assert named["jobs"] == [job.pk for job in kept[:5]]
