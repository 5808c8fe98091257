"""Deletions from the list: with logs, and never past rows that keep a job."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.test import Client
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry, Schedule
from pgjobs.pages.keeping import kept_by
from tests.support.rows import a_job
from tests.support.staff import LIST, choose, shown, signed_in

pytestmark = pytest.mark.django_db

CONFIRM, ACT = f"{LIST}confirm/", f"{LIST}act/"


@pytest.fixture
def steerer() -> Client:
    return signed_in("change_job", "view_job", "delete_job")


def test_finished_jobs_are_deleted_with_their_logs_and_live_ones_stay(steerer: Client) -> None:
    done, live = a_job("completed"), a_job()
    JobLogEntry.objects.create(job=done, timestamp=timezone.now(), level="info", message="x")
    assert choose(steerer, "delete", done, live) == ["Deleted: 1 job."]
    assert list(Job.objects.all()) == [live]
    assert not JobLogEntry.objects.exists()


@pytest.mark.usefixtures("_watched")
@pytest.mark.parametrize("on_delete", [models.PROTECT, models.RESTRICT])
def test_a_row_that_protects_a_job_keeps_it_and_is_told(
    on_delete: Any, steerer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference: Any = JobLogEntry._meta.get_field("job").remote_field
    monkeypatch.setattr(reference, "on_delete", on_delete)
    kept, other = a_job("completed"), a_job("completed")
    JobLogEntry.objects.create(job=kept, timestamp=timezone.now(), level="info", message="x")
    (said,) = choose(steerer, "delete", kept, other)
    assert said.startswith(f"Deleted: 1 job. PostgreSQL refused 1 job: Job {kept.pk}: ")
    assert list(Job.objects.all()) == [kept]


@pytest.fixture
def taken_along(monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job with which a row goes as by ``ForeignKey(Job, on_delete=CASCADE)``."""
    reference: Any = Schedule._meta.get_field("last_job").remote_field
    monkeypatch.setattr(reference, "on_delete", models.CASCADE)
    job = a_job("completed")
    Schedule.objects.create(job_class="x", interval=1, next_run=timezone.now(), last_job=job)
    return job


def test_rows_that_the_user_may_not_delete_keep_a_job(steerer: Client, taken_along: Job) -> None:
    html = shown(steerer, f"{CONFIRM}?verb=delete&id={taken_along.pk}")
    assert "You may not delete rows that would go along with these jobs: schedules." in html
    given = {"verb": "delete", "filter": json.dumps({"ids": [taken_along.pk]})}
    assert steerer.post(ACT, given).status_code == 403
    assert Schedule.objects.filter(last_job=taken_along).exists()


@pytest.mark.usefixtures("_watched")
def test_rows_that_the_user_may_delete_go_along(taken_along: Job) -> None:
    client = signed_in("view_job", "delete_job", "delete_schedule")
    assert choose(client, "delete", taken_along) == ["Deleted: 1 job."]
    assert not Schedule.objects.exists()


@contextmanager
def created(*made: type[models.Model]) -> Iterator[None]:
    """Give models of the test their tables, and forget the models afterwards."""
    try:
        with connection.schema_editor() as editor:
            for model in made:
                editor.create_model(model)
        yield
    finally:
        for model in made:
            del apps.all_models["testapp"][model._meta.model_name or ""]
        apps.clear_cache()


@pytest.fixture
def chain() -> Iterator[tuple[Any, Any]]:
    """A model whose rows go with a job or with each other, and one whose rows go with these."""

    class Folder(models.Model):  # noqa: DJ008
        job = models.ForeignKey(Job, models.CASCADE, null=True, db_constraint=False)
        parent = models.ForeignKey("self", models.CASCADE, null=True, db_constraint=False)

        class Meta:
            app_label = "testapp"

    class Sheet(models.Model):  # noqa: DJ008
        folder = models.ForeignKey(Folder, models.CASCADE, db_constraint=False)

        class Meta:
            app_label = "testapp"

    with created(Folder, Sheet):
        yield Folder, Sheet


@dataclass(frozen=True)
class Holder:
    """A user with one permission."""

    permission: str

    def has_perm(self, name: str) -> bool:
        return name == self.permission


@pytest.mark.parametrize("depth", [0, 1, 4])
def test_rows_that_go_with_rows_keep_a_job_too(depth: int, chain: tuple[Any, Any]) -> None:
    folders, sheets = chain
    job, other = a_job("completed"), a_job("completed")
    folder = folders.objects.create(job=job)
    folder.parent = folder  # the rows make a circle
    folder.save()
    for _ in range(depth):
        folder = folders.objects.create(parent=folder)
    user = Holder("testapp.delete_folder")
    jobs = Job.objects.filter(pk=job.pk)
    assert kept_by(user, jobs) == []
    sheets.objects.create(folder=folder)
    assert kept_by(user, jobs) == ["sheets"]
    assert kept_by(Holder("testapp.delete_sheet"), jobs) == ["folders"]
    assert kept_by(user, Job.objects.filter(pk=other.pk)) == []


def test_parents_and_generic_relations_of_rows_keep_a_job_too() -> None:
    class Mark(models.Model):  # noqa: DJ008
        content_type = models.ForeignKey(ContentType, models.CASCADE, db_constraint=False)
        object_id = models.BigIntegerField()
        about = GenericForeignKey()

        class Meta:
            app_label = "testapp"

    class Paper(models.Model):  # noqa: DJ008
        class Meta:
            app_label = "testapp"

    class Bill(Paper):  # noqa: DJ008
        job = models.ForeignKey(Job, models.CASCADE, db_constraint=False)
        marks = GenericRelation(Mark)

        class Meta:
            app_label = "testapp"

    job = a_job("completed")
    with created(Mark, Paper, Bill):
        Mark._base_manager.create(about=Bill._base_manager.create(job=job))
        jobs = Job.objects.filter(pk=job.pk)
        assert kept_by(Holder("testapp.delete_bill"), jobs) == ["marks", "papers"]
