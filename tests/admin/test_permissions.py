"""Permissions to view, steer and delete jobs in the admin, and the messages of steering."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from pgjobs.admin import steering
from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop
from tests.support.job_status import status_of
from tests.support.rows import a_job
from tests.support.sql import query
from tests.support.staff import LIST, choose, messages, page, signed_in

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
    assert "cancel_jobs" not in looking.get(LIST).content.decode()


def test_a_superuser_may_neither_add_nor_edit_jobs(admin_client: Client) -> None:
    job = a_job()
    assert admin_client.get(f"{LIST}add/").status_code == 403
    assert admin_client.post(job.get_absolute_url(), {"name": "other"}).status_code == 403


# Steering --------------------------------------------------------------------------------


def test_the_cancel_action_says_how_many_jobs_were_cancelled_and_why_others_were_not(
    steerer: Client,
) -> None:
    jobs = [a_job(status) for status in ("pending", "scheduled", "running", "completed", "failed")]
    assert choose(steerer, "cancel_jobs", *jobs) == [
        "2 jobs were cancelled.",
        "1 running job was told to stop.",
        "Not cancelled because already finished: 1 failed, 1 completed.",
    ]
    found = [status_of(job) for job in jobs]
    assert found == ["cancelled", "cancelled", "running", "completed", "failed"]


def test_the_retry_action_says_how_many_jobs_run_again_and_why_others_do_not(
    steerer: Client,
) -> None:
    jobs = [a_job(status) for status in ("errored", "cancelled", "pending")]
    assert choose(steerer, "retry_jobs", *jobs) == [
        "2 jobs will run again.",
        "Not retried: 1 pending. A job is retried only if it has finished and no live job holds "
        "its enqueue_once() place.",
    ]
    assert {status_of(job) for job in jobs} == {"pending"}


def test_a_finished_job_whose_place_is_taken_is_not_retried(steerer: Client) -> None:
    ended = Noop.enqueue_once()
    ended.cancel()
    Noop.enqueue_once()
    (said,) = choose(steerer, "retry_jobs", ended)
    assert said.startswith("Not retried: 1 cancelled.")
    ended.refresh_from_db()
    assert ended.status == "cancelled"


def test_an_action_on_more_jobs_than_the_list_counted_is_refused(
    steerer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steering, "COUNTED", 2)
    jobs = [a_job() for _ in range(3)]
    (said,) = choose(steerer, "cancel_jobs", jobs[0], select_across="1")
    assert said == "More than 2 jobs match. Narrow the filters first."
    assert Job.objects.waiting().count() == 3


def test_an_action_on_all_applies_to_all_jobs_that_the_filters_match(steerer: Client) -> None:
    jobs = [a_job(), a_job(), a_job(queue_name="low")]
    data = {"action": "cancel_jobs", "_selected_action": [jobs[0].pk], "select_across": "1"}
    response = steerer.post(f"{LIST}?queue_name=default", data, follow=True)
    assert messages(response) == ["2 jobs were cancelled."]
    assert list(Job.objects.waiting()) == [jobs[2]]


def test_the_history_of_a_cancelled_job_names_the_user(steerer: Client) -> None:
    job = a_job()
    choose(steerer, "cancel_jobs", job)
    entry = LogEntry.objects.get(object_id=str(job.pk))
    assert (entry.user.get_username(), entry.get_change_message()) == ("staff", "Cancelled.")


@pytest.mark.parametrize(
    ("action", "status"), [("cancel_jobs", "pending"), ("retry_jobs", "failed")]
)
def test_a_job_that_the_project_keeps_as_it_is_is_named_with_the_reason(
    action: str, status: str, steerer: Client
) -> None:
    query(
        "ALTER TABLE pgjobs_job ADD CONSTRAINT house CHECK "
        f"(name = 'other' OR status = '{status}') NOT VALID"
    )
    job, other = a_job(status), a_job(status, name="other")
    said = choose(steerer, action, job, other)
    assert any(f"{job.pk}: " in line and "house" in line for line in said)
    assert status_of(job) == status
    assert status_of(other) != status
