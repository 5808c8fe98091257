"""Cancel, retry and delete on the page of a job, with their messages and the journal."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import models
from django.test import Client
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry, JournalEntry, Schedule
from tests.apps.testapp.jobs import Noop
from tests.support.job_status import status_of
from tests.support.rows import a_finished_job, a_job
from tests.support.sql import query
from tests.support.staff import messages, shown, signed_in

ROOTS = ("/admin/pgjobs/job/", "/jobs/jobs/")

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator() -> Client:
    return signed_in("view_job", "change_job", "delete_job")


def sent(client: Client, job: Job, verb: str, root: str = ROOTS[0], **data: Any) -> list[str]:
    return messages(client.post(f"{root}{job.pk}/{verb}/", data, follow=True))


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize(
    ("status", "verb", "after", "said"),
    [
        ("pending", "cancel", "cancelled", "The job was cancelled."),
        ("running", "cancel", "running", "The job was told to stop."),
        ("failed", "cancel", "failed", "Not cancelled: the job has finished already."),
        ("failed", "retry", "pending", "The job will run again."),
    ],
)
def test_an_action_changes_the_job_and_says_so(
    root: str, status: str, verb: str, after: str, said: str, operator: Client
) -> None:
    job = a_job(status)
    assert sent(operator, job, verb, root) == [said]
    assert status_of(job) == after
    entries = JournalEntry.objects.values_list("verb", "user_key", "what")
    changed = status != "failed" or verb == "retry"
    user = str(User.objects.get().pk)
    assert list(entries) == ([(verb, user, {"ids": [job.pk]})] if changed else [])


def test_a_job_whose_place_is_taken_is_not_retried(operator: Client) -> None:
    ended = Noop.enqueue_once()
    ended.cancel()
    Noop.enqueue_once()
    (said,) = sent(operator, ended, "retry")
    assert said.startswith("Not retried:")
    assert status_of(ended) == "cancelled"


def test_a_run_of_a_chain_can_be_skipped(operator: Client) -> None:
    job = Noop.enqueue(interval=60, schedule_at=timezone.now())
    assert "Skip this run" in shown(operator, job.get_absolute_url())
    sent(operator, job, "cancel", keep_schedule="1")
    assert Job.objects.waiting().exclude(pk=job.pk).count() == 1


@pytest.mark.parametrize(("status", "verb"), [("pending", "cancel"), ("failed", "retry")])
def test_a_job_that_the_project_keeps_as_it_is_is_told_with_the_reason(
    status: str, verb: str, operator: Client
) -> None:
    query(f"ALTER TABLE pgjobs_job ADD CONSTRAINT house CHECK (status = '{status}') NOT VALID")
    job = a_job(status)
    (said,) = sent(operator, job, verb)
    assert said.startswith("PostgreSQL refused the change:")
    assert "house" in said
    assert status_of(job) == status
    assert not JournalEntry.objects.exists()


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_a_get_request_changes_nothing(verb: str, operator: Client) -> None:
    assert operator.get(f"{ROOTS[0]}{a_job().pk}/{verb}/").status_code == 405


def test_a_request_from_another_site_changes_nothing() -> None:
    job, done = a_job(), a_job("completed")
    strict = signed_in("change_job", "view_job", "delete_job", enforce_csrf_checks=True)
    assert strict.post(f"{ROOTS[0]}{job.pk}/cancel/").status_code == 403
    assert strict.post(f"{ROOTS[0]}{done.pk}/delete/").status_code == 403
    assert status_of(job) == "pending"
    assert Job.objects.filter(pk=done.pk).exists()


# Deleting ------------------------------------------------------------------------------


@pytest.mark.parametrize("root", ROOTS)
def test_a_finished_job_is_deleted_with_its_log_after_a_confirmation(
    root: str, operator: Client
) -> None:
    job = a_finished_job()
    JobLogEntry.objects.create(job=job, timestamp=timezone.now(), level="info", message="x")
    assert "1 line of its log" in shown(operator, f"{root}{job.pk}/delete/")
    assert Job.objects.filter(pk=job.pk).exists()
    (said,) = sent(operator, job, "delete", root)
    assert said == f"Job {job.pk}, Noop, was deleted with its log."
    assert not Job.objects.exists()
    assert not JobLogEntry.objects.exists()
    assert JournalEntry.objects.get().verb == "delete"


def test_a_live_job_is_not_deleted(operator: Client) -> None:
    job = a_job()
    assert "Cancel it before" in shown(operator, f"{ROOTS[0]}{job.pk}/delete/")
    (said,) = sent(operator, job, "delete")
    assert said.startswith("Not deleted")
    assert Job.objects.filter(pk=job.pk).exists()


@pytest.mark.parametrize("rule", [models.PROTECT, models.RESTRICT])
def test_the_page_names_the_row_that_protects_a_job(
    rule: Any, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference: Any = JobLogEntry._meta.get_field("job").remote_field
    monkeypatch.setattr(reference, "on_delete", rule)
    job = a_job("completed")
    JobLogEntry.objects.create(job=job, timestamp=timezone.now(), level="info", message="x")
    address = f"{ROOTS[0]}{job.pk}/delete/"
    assert "protected" in shown(operator, address)
    assert operator.post(address).status_code == 403
    assert Job.objects.filter(pk=job.pk).exists()


def test_rows_that_the_user_may_not_delete_keep_a_job(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference: Any = Schedule._meta.get_field("last_job").remote_field
    monkeypatch.setattr(reference, "on_delete", models.CASCADE)
    job = a_job("completed")
    Schedule.objects.create(job_class="x", interval=1, next_run=timezone.now(), last_job=job)
    address = f"{ROOTS[0]}{job.pk}/delete/"
    assert "permission" in shown(operator, address)
    assert operator.post(address).status_code == 403
    assert Job.objects.filter(pk=job.pk).exists()

    User.objects.get().user_permissions.add(Permission.objects.get(codename="delete_schedule"))
    assert "1 schedules" in shown(operator, address)
    sent(operator, job, "delete")
    assert not Job.objects.exists()


@pytest.mark.parametrize("code", ["P0001", "53400"])
def test_a_deletion_that_a_trigger_refuses_is_told(operator: Client, code: str) -> None:
    query(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE 'not in this house' USING ERRCODE = '{code}'; END$$; "
        "CREATE TRIGGER refuse BEFORE DELETE ON pgjobs_job FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    job = a_job("completed")
    assert sent(operator, job, "delete") == ["PostgreSQL refused the change: not in this house"]
    assert Job.objects.filter(pk=job.pk).exists()
    assert not JournalEntry.objects.exists()
