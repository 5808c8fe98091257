"""Permissions to view, steer and delete jobs in the admin, and the messages of steering."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry
from tests.support.rows import a_job
from tests.support.staff import LIST, page, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def steerer() -> Client:
    return signed_in("change_job")


# Permissions -----------------------------------------------------------------------------


def test_a_user_without_permission_for_jobs_sees_none() -> None:
    job = a_job()
    client = signed_in("view_schedule")
    assert client.get(LIST).status_code == 403
    assert client.get(job.get_absolute_url()).status_code == 403


def test_a_user_who_may_only_view_is_offered_no_action(looking: Client) -> None:
    job = a_job()
    html = page(looking, job)
    assert "/cancel/" not in html
    assert "deletelink" not in html
    assert 'name="verb"' not in looking.get(LIST).content.decode()


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_a_user_who_may_only_view_may_not_cancel_or_retry(looking: Client, verb: str) -> None:
    job = a_job()
    assert looking.post(f"{LIST}{job.pk}/{verb}/").status_code == 403
    job.refresh_from_db()
    assert job.status == "pending"


def test_a_superuser_may_neither_add_nor_edit_jobs(admin_client: Client) -> None:
    job = a_job()
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(job.get_absolute_url(), {"name": "other"}).status_code == 403


def test_a_user_without_permission_to_delete_may_not_delete_a_job(steerer: Client) -> None:
    job = a_job("completed")
    assert steerer.post(f"{LIST}{job.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Job.objects.filter(pk=job.pk).exists()


def test_a_user_with_permission_to_delete_deletes_a_job_with_its_log() -> None:
    job = a_job("completed")
    JobLogEntry.objects.create(job=job, timestamp=timezone.now(), level="info", message="x")
    client = signed_in("view_job", "delete_job")
    assert job.name in client.get(f"{LIST}{job.pk}/delete/").content.decode()
    client.post(f"{LIST}{job.pk}/delete/", {"post": "yes"})
    assert not Job.objects.exists()
    assert not JobLogEntry.objects.exists()


# Steering --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "verb", "after"),
    [("pending", "cancel", "cancelled"), ("failed", "retry", "pending")],
)
def test_a_job_can_be_cancelled_or_retried_from_its_page(
    steerer: Client, status: str, verb: str, after: str
) -> None:
    job = a_job(status)
    assert f'action="{LIST}{job.pk}/{verb}/"' in page(steerer, job)
    response = steerer.post(f"{LIST}{job.pk}/{verb}/", follow=True)
    assert response.redirect_chain == [(job.get_absolute_url(), 302)]
    job.refresh_from_db()
    assert job.status == after


@pytest.mark.parametrize("verb", ["cancel", "retry"])
def test_a_get_request_cannot_cancel_or_retry(steerer: Client, verb: str) -> None:
    assert steerer.get(f"{LIST}{a_job().pk}/{verb}/").status_code == 405


def test_a_request_from_another_site_cannot_cancel() -> None:
    job = a_job()
    strict = signed_in("change_job", enforce_csrf_checks=True)
    assert strict.post(f"{LIST}{job.pk}/cancel/").status_code == 403
    job.refresh_from_db()
    assert job.status == "pending"


def test_a_cancel_of_a_job_that_does_not_exist_is_not_found(steerer: Client) -> None:
    assert steerer.post(f"{LIST}987654/cancel/").status_code == 404
