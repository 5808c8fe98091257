"""Projects without messages or without the pages in their admin, and users with one permission."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import path

from pgjobs.exceptions import UnknownQueue
from pgjobs.models import Job, JobLogEntry, Pause, Schedule
from pgjobs.pages import history
from pgjobs.pages.sight import sight_of
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.pages import at
from tests.support.rows import a_job, a_worker
from tests.support.staff import shown, signed_in

pytestmark = pytest.mark.django_db

site = admin.AdminSite()
site.register(JobLogEntry)
urlpatterns = [path("admin/", site.urls)]


@pytest.mark.parametrize(
    ("action", "status", "after"),
    [
        ("cancel", "pending", "cancelled"),
        ("retry", "failed", "pending"),
        ("delete", "failed", None),
        ("rerun", "failed", "failed"),
    ],
)
def test_without_messages_an_action_answers_all_the_same(
    action: str, status: str, after: str | None, admin_client: Client, settings: Any
) -> None:
    settings.MIDDLEWARE = [each for each in settings.MIDDLEWARE if "messages" not in each]
    job = a_job(status)
    assert admin_client.post(f"/jobs/jobs/{job.pk}/{action}/").status_code == 302
    assert list(Job.objects.filter(pk=job.pk).values_list("status", flat=True)) == (
        [] if after is None else [after]
    )


def test_an_admin_without_the_pages_lists_what_the_project_has_registered(
    admin_client: Client, settings: Any
) -> None:
    settings.ROOT_URLCONF = __name__
    html = shown(admin_client, "/admin/pgjobs/")
    assert "Overview" not in html


@pytest.mark.parametrize(
    ("permission", "name"), [("view_workerprocess", "worker"), ("view_schedule", "schedule")]
)
def test_without_the_permission_no_page_shows_a_job(permission: str, name: str) -> None:
    worker = a_worker(has_session_lock=False)
    jobs = [
        a_job(status, worker=worker, name="Hidden job", error="hidden error")
        for status in ("running", "errored")
    ]
    schedule = Schedule.objects.create(
        job_class=Noop.path, interval=60, next_run=ago(hours=-1), last_job=jobs[1]
    )
    client = signed_in(permission)
    for address in (at(f"{name}s"), at(name, {"worker": worker, "schedule": schedule}[name].pk)):
        html = shown(client, address)
        assert "idden job" not in html
        assert "hidden error" not in html
        assert "Errored" not in html


def test_a_pause_of_what_the_code_no_longer_has_is_resumed(admin_client: Client) -> None:
    Pause.objects.create(kind="queue", name="gone-queue")
    Pause.objects.create(kind="job_class", name="gone.jobs.Old")
    admin_client.post(at("resume"), {"queue": "gone-queue"})
    admin_client.post(at("resume"), {"job_class": "gone.jobs.Old"})
    assert not Pause.objects.exists()
    with pytest.raises(UnknownQueue):
        Pause.objects.resume(queue="gone-queue")


def test_a_function_that_joins_counts_no_job_twice(settings: Any, admin_user: Any) -> None:
    worker = a_worker(has_session_lock=False)
    for _ in range(2):
        a_job("failed", worker=worker, completed=ago(minutes=1))
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.pages.listing.hooks.joins"}
    assert history.of_jobs(sight_of(admin_user).jobs).ended == 2
