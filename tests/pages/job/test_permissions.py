"""Who may open which address of the page of a job and of the forms, and who may not."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pgjobs.models import Job
from tests.apps.testapp.jobs import Typed
from tests.support.rows import a_job
from tests.support.staff import signed_in

PATH = "tests.pages.job.test_permissions.without_queue_high"
VIEWER = ("view_job",)
OPERATOR = ("view_job", "change_job", "delete_job", "add_job")

pytestmark = pytest.mark.django_db

ADDRESSES = {
    # name: (method, address in the admin, address alone, who passes)
    "page": ("get", "{pk}/change/", "jobs/{pk}/", {"viewer", "operator", "root"}),
    "log": ("get", "{pk}/log.txt", "jobs/{pk}/log.txt", {"viewer", "operator", "root"}),
    "cancel": ("post", "{pk}/cancel/", "jobs/{pk}/cancel/", {"operator", "root"}),
    "retry": ("post", "{pk}/retry/", "jobs/{pk}/retry/", {"operator", "root"}),
    "delete": ("get", "{pk}/delete/", "jobs/{pk}/delete/", {"operator", "root"}),
    "deletion": ("post", "{pk}/delete/", "jobs/{pk}/delete/", {"operator", "root"}),
    "rerun": ("get", "{pk}/rerun/", "jobs/{pk}/rerun/", {"operator", "root"}),
    "rerunning": ("post", "{pk}/rerun/", "jobs/{pk}/rerun/", {"operator", "root"}),
    "classes": ("get", "enqueue/", "enqueue/", {"operator", "root", "restricted"}),
    "form": (
        "get",
        f"enqueue/{Typed.path}/",
        f"enqueue/{Typed.path}/",
        {"operator", "root", "restricted"},
    ),
    "enqueueing": (
        "post",
        f"enqueue/{Typed.path}/",
        f"enqueue/{Typed.path}/",
        {"operator", "root", "restricted"},
    ),
}
OF_A_JOB = [name for name, (_, address, _, _) in ADDRESSES.items() if "{pk}" in address]


def without_queue_high(user: Any, jobs: Any) -> Any:
    return jobs if user.is_superuser else jobs.exclude(queue_name="high")


def a_visitor(kind: str, settings: Any) -> Client:
    if kind == "anonymous":
        return Client()
    if kind == "root":
        client = Client()
        client.force_login(User.objects.create_superuser("root"))
        return client
    if kind == "restricted":
        settings.PGJOBS = {"VISIBLE_JOBS": PATH}
    wanted = {"nobody": ("view_schedule",), "viewer": VIEWER}.get(kind, OPERATOR)
    return signed_in(*wanted)


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(
    "kind", ["anonymous", "nobody", "viewer", "operator", "root", "restricted"]
)
@pytest.mark.parametrize("place", ["admin", "alone"])
def test_an_address_needs_its_permission(place: str, kind: str, name: str, settings: Any) -> None:
    method, in_admin, alone, allowed = ADDRESSES[name]
    job = a_job("failed", job_class=Typed.path, queue_name="high", kwargs={"text": "x"})
    client = a_visitor(kind, settings)
    address = f"/admin/pgjobs/job/{in_admin}" if place == "admin" else f"/jobs/{alone}"

    response = getattr(client, method)(address.format(pk=job.pk))

    if kind in allowed:
        assert response.status_code in (200, 302)
        assert "login" not in response.get("Location", "")
    elif kind == "anonymous":
        assert (response.status_code, "login" in response["Location"]) == (302, True)
    else:
        is_hidden = kind == "restricted" and name in OF_A_JOB
        assert response.status_code == (404 if is_hidden else 403)
    if kind not in allowed:
        found = Job.objects.values_list("pk", "status")
        assert list(found) == [(job.pk, "failed")]


@pytest.mark.parametrize("name", OF_A_JOB)
def test_the_page_of_a_hidden_job_is_that_of_a_missing_one(name: str, settings: Any) -> None:
    method, address, _, _ = ADDRESSES[name]
    job = a_job("failed", job_class=Typed.path, queue_name="high", name="of others")
    client = a_visitor("restricted", settings)
    answers = []
    for pk in (job.pk, 987654):
        response = getattr(client, method)(f"/admin/pgjobs/job/{address.format(pk=pk)}")
        answers.append((response.status_code, response.content.replace(str(pk).encode(), b"")))
    assert answers[0] == answers[1]


def test_a_hidden_job_is_no_neighbour_of_a_visible_one(settings: Any) -> None:
    hidden = a_job("completed", queue_name="high", name="of others")
    job = a_job("completed")
    client = a_visitor("restricted", settings)
    html = client.get(job.get_absolute_url()).content.decode()
    assert hidden.get_absolute_url() not in html
    assert f"#{hidden.pk}" not in html


@pytest.mark.parametrize("status", ["pending", "failed"])
def test_a_viewer_is_offered_no_action(status: str) -> None:
    job = a_job(status, job_class=Typed.path)
    html = signed_in(*VIEWER).get(job.get_absolute_url()).content.decode()
    for verb in ("cancel", "retry", "delete", "rerun"):
        assert f"/{verb}/" not in html
