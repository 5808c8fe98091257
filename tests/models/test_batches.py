"""Verbs on many jobs at once: they commit in batches, and take few statements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.signals import post_delete
from django.test.utils import CaptureQueriesContext

from pgjobs.models import Job, JobLogEntry, Schedule, job_batches
from pgjobs.models.job_deletion import is_watched
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.rows import a_job
from tests.support.sql import query

VERBS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "retry": ("failed", lambda jobs: jobs.retry()),
    "cancel": ("pending", lambda jobs: jobs.cancel()),
    "skip": ("pending", lambda jobs: jobs.cancel(keep_schedule=True)),
    "delete": ("failed", lambda jobs: jobs.delete()[1]["pgjobs.Job"]),
}

each_verb = pytest.mark.parametrize(("status", "change"), VERBS.values(), ids=VERBS)


def many(count: int, status: str) -> None:
    moment = "now()" if status == "failed" else "NULL"
    query(
        "INSERT INTO pgjobs_job (job_class, name, queue_name, status, started, completed) "
        f"SELECT %s, 'Noop', 'default', %s, {moment}, {moment} FROM generate_series(1, %s)",
        Noop.path,
        status,
        count,
    )


@each_verb
@pytest.mark.usefixtures("empty_queue")
def test_many_jobs_change_in_batches_that_commit_and_all_of_them_change(
    status: str, change: Callable[[Any], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_batches, "BATCH", 2)
    many(5, status)
    other = a_job(status, queue_name="low")
    with CaptureQueriesContext(connection) as captured:
        assert change(Job.objects.filter(queue_name="default")) == 5

    assert sum(each["sql"] == "COMMIT" for each in captured) == 3
    assert Job.objects.filter(status=status).get() == other


@each_verb
@pytest.mark.django_db
def test_the_jobs_of_a_callers_transaction_change_in_it(
    status: str, change: Callable[[Any], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_batches, "BATCH", 2)
    many(5, status)
    with transaction.atomic():
        assert change(Job.objects.all()) == 5
        transaction.set_rollback(True)

    assert Job.objects.filter(status=status).count() == 5


@each_verb
@pytest.mark.django_db
def test_ten_thousand_jobs_take_a_bounded_number_of_statements(
    status: str, change: Callable[[Any], int]
) -> None:
    many(10_000, status)
    with CaptureQueriesContext(connection) as captured:
        assert change(Job.objects.all()) == 10_000

    assert len(captured) <= 60


@pytest.mark.usefixtures("empty_queue")
def test_a_distinct_query_set_changes_all_of_its_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_batches, "BATCH", 2)
    many(5, "failed")
    chosen = Job.objects.filter(status="failed").distinct("pk").order_by("pk")

    assert chosen.exclude(pk=Job.objects.earliest("pk").pk).retry() == 4


# Deletion --------------------------------------------------------------------------------


@pytest.fixture
def logged() -> Job:
    job = a_job("failed")
    for message in ("first", "second"):
        JobLogEntry.objects.create(job=job, timestamp=ago(), level="info", message=message)
    Schedule.objects.create(job_class="a.B", interval=60, next_run=ago(), last_job=job)
    return job


@pytest.mark.django_db
def test_a_deletion_counts_rows_as_django_does_and_a_schedule_forgets_its_job(logged: Job) -> None:
    assert not is_watched(Job)
    assert Job.objects.filter(pk=logged.pk).delete() == (
        3,
        {"pgjobs.JobLogEntry": 2, "pgjobs.Job": 1},
    )
    assert Schedule.objects.get().last_job_id is None


@pytest.mark.django_db
@pytest.mark.parametrize("model", [Job, JobLogEntry])
def test_a_receiver_of_a_signal_hears_of_each_deleted_row(logged: Job, model: Any) -> None:
    heard: list[Any] = []

    def hear(instance: Any, **_: Any) -> None:
        heard.append(instance)

    post_delete.connect(hear, sender=model)
    try:
        Job.objects.all().delete()
    finally:
        post_delete.disconnect(hear, sender=model)

    assert len(heard) == (1 if model is Job else 2)


@pytest.mark.django_db
@pytest.mark.parametrize("part", [lambda jobs: jobs[:1], lambda jobs: jobs.values("pk")])
def test_a_query_set_that_django_does_not_delete_is_refused(part: Callable[[Any], Any]) -> None:
    a_job("failed")
    with pytest.raises(TypeError):
        part(Job.objects.all()).delete()

    assert Job.objects.exists()
