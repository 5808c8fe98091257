"""``job.save()``, which NetBox's jobs call in ``run()``, cannot undo a concurrent change of the
row."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection

from pgjobs import BackgroundJob
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from tests.apps.testapp.jobs import Noop

pytestmark = pytest.mark.django_db


class SavesItself(BackgroundJob):
    def run(self) -> Any:
        self.job.data = {"added": 3}
        self.job.save()
        return Job.objects.get(pk=self.job.pk).data


class DeletedMeanwhile(BackgroundJob):
    def run(self) -> None:
        Job.objects.filter(pk=self.job.pk).delete()
        self.job.save()


def running(**options: Any) -> Job:
    job = Noop.enqueue(**options)
    assert job.start()
    return job


def test_run_may_save_its_data_before_it_ends() -> None:
    SavesItself.handle(SavesItself.enqueue())

    job = Job.objects.get()
    assert (job.status, job.result, job.data) == ("completed", {"added": 3}, {"added": 3})


def test_an_option_of_a_waiting_job_can_be_changed_by_save() -> None:
    job = Noop.enqueue()

    job.priority, job.notifications = 5, "never"
    job.save()

    assert Job.objects.values_list("priority", "notifications").get() == (5, "never")


def test_a_field_that_was_not_loaded_is_not_written_by_save(django_assert_num_queries: Any) -> None:
    Noop.enqueue(depth=2)
    job = Job.objects.only("priority").get()

    job.priority = 5
    with django_assert_num_queries(1):
        job.save()

    assert Job.objects.values_list("priority", "kwargs").get() == (5, {"depth": 2})


def test_a_run_that_lost_its_row_does_not_take_it_back_by_save() -> None:
    first = running()
    with connection.cursor() as cursor:
        record(cursor, [Outcome.interrupted(first.pk, first.epoch)])
    second = Job.objects.get()
    second.start()

    first.save()

    assert second.terminate()


def test_a_cancelled_chain_is_not_revived_by_save() -> None:
    job = running(interval=60)
    Job.objects.cancel()

    job.save()
    job.terminate()

    assert not Job.objects.live().exists()


@pytest.mark.django_db(transaction=True)
def test_a_deleted_job_is_not_brought_back_by_save() -> None:
    job = Noop.enqueue()
    Job.objects.all().delete()

    with pytest.raises(DatabaseError, match="did not affect any rows"):
        job.save()

    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_job_that_is_deleted_while_it_runs_and_saves_itself_stays_deleted() -> None:
    DeletedMeanwhile.enqueue().run_here()

    assert not Job.objects.exists()
