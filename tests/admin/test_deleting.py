"""Deleting jobs in the admin where a project's own rows refer to jobs."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import models
from django.test import Client
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry, Schedule
from tests.support.rows import a_job
from tests.support.sql import query
from tests.support.staff import LIST, messages, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def deleter() -> Client:
    return signed_in("view_job", "delete_job")


@pytest.fixture(params=[models.PROTECT, models.RESTRICT])
def protected(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job that a row refers to as by ``ForeignKey(Job, on_delete=PROTECT)``."""
    reference: Any = JobLogEntry._meta.get_field("job").remote_field
    monkeypatch.setattr(reference, "on_delete", request.param)
    job = a_job("completed")
    JobLogEntry.objects.create(job=job, timestamp=timezone.now(), level="info", message="x")
    return job


@pytest.fixture
def taken_along(monkeypatch: pytest.MonkeyPatch) -> Job:
    """A job with which a row goes as by ``ForeignKey(Job, on_delete=CASCADE)``."""
    reference: Any = Schedule._meta.get_field("last_job").remote_field
    monkeypatch.setattr(reference, "on_delete", models.CASCADE)
    job = a_job("completed")
    Schedule.objects.create(job_class="x", interval=1, next_run=timezone.now(), last_job=job)
    return job


def test_the_page_names_the_row_that_protects_a_job(deleter: Client, protected: Job) -> None:
    page = f"{LIST}{protected.pk}/delete/"
    assert "protected" in deleter.get(page).content.decode()
    assert deleter.post(page, {"post": "yes"}).status_code == 200
    assert Job.objects.filter(pk=protected.pk).exists()


def test_rows_that_the_user_may_not_delete_keep_a_job(deleter: Client, taken_along: Job) -> None:
    page = f"{LIST}{taken_along.pk}/delete/"
    assert "permission" in deleter.get(page).content.decode()
    assert deleter.post(page, {"post": "yes"}).status_code == 403
    assert Schedule.objects.filter(last_job=taken_along).exists()


def refuse_deletions() -> None:
    query(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "$$BEGIN RAISE 'not in this house'; END$$; "
        "CREATE TRIGGER refuse BEFORE DELETE ON pgjobs_job FOR EACH ROW EXECUTE FUNCTION refuse()"
    )


def test_a_deletion_that_a_trigger_refuses_is_told_and_leaves_no_history(deleter: Client) -> None:
    refuse_deletions()
    job = a_job("completed")
    on_its_page = deleter.post(f"{LIST}{job.pk}/delete/", {"post": "yes"}, follow=True)
    assert messages(on_its_page) == ["PostgreSQL refused the deletion: not in this house"]
    assert Job.objects.filter(pk=job.pk).exists()
    assert not LogEntry.objects.exists()
