"""``PGJOBS["VISIBLE_JOBS"]``: hidden jobs do not exist for the user."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.test import Client
from django.utils import timezone

from pgjobs.access import PERMISSIONS, Verb, may, sees_all, visible_to
from pgjobs.models import Job, Schedule
from tests.access.hooks import PATH
from tests.support.job_status import status_of
from tests.support.pages import at
from tests.support.rows import a_job, a_worker
from tests.support.staff import LIST, choose, shown, signed_in

pytestmark = pytest.mark.django_db

EVERYTHING = ("view_job", "change_job", "delete_job", "view_schedule", "view_workerprocess")


@pytest.fixture
def _hooked(settings: Any) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": f"{PATH}.own_queues"}


@pytest.fixture
def client(_hooked: None) -> Client:
    return signed_in(*EVERYTHING)


def hidden_job(status: str = "pending", **columns: Any) -> Job:
    return a_job(status, queue_name="high", name="of others", **columns)


# The function -------------------------------------------------------------------------------


def test_without_a_function_all_jobs_are_visible() -> None:
    job = hidden_job()

    assert list(visible_to(AnonymousUser())) == [job]


@pytest.mark.usefixtures("_hooked")
def test_the_function_filters_the_jobs_it_is_given() -> None:
    own, _other = a_job(), hidden_job()

    assert list(visible_to(AnonymousUser())) == [own]
    assert list(visible_to(AnonymousUser(), Job.objects.filter(pk=own.pk))) == [own]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raises", "raised KeyError, so no job is shown"),
        ("missing", "raised ImportError, so no job is shown"),
        ("NO_FUNCTION", "raised TypeError, so no job is shown"),
        ("returns_nothing", "It returned a NoneType, so no job is shown"),
        ("returns_users", "It returned a QuerySet"),
        ("returns_a_list", "It returned a list"),
        ("returns_a_slice", "It returned a JobQuerySet"),
        ("returns_a_union", "It returned a JobQuerySet"),
    ],
)
def test_a_function_that_fails_shows_no_job(name: str, said: str, settings: Any) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": f"{PATH}.{name}"}
    browser = signed_in(*EVERYTHING)
    browser.raise_request_exception = False

    with pytest.raises(ImproperlyConfigured, match=rf"'VISIBLE_JOBS'\], the function .*{said}"):
        visible_to(AnonymousUser())
    for address in (LIST, a_job().get_absolute_url()):
        assert browser.get(address).status_code == 500


def test_a_function_may_deny_the_page(settings: Any) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": f"{PATH}.denies"}

    with pytest.raises(PermissionDenied):
        visible_to(AnonymousUser())
    assert signed_in(*EVERYTHING).get(LIST).status_code == 403


# The admin ----------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["", "?q=queue:high", "?q=others", "?q=arg.n:1", "?after_id=0"])
def test_the_list_shows_and_counts_no_hidden_job(query: str, client: Client) -> None:
    job = hidden_job(kwargs={"n": 1})
    html = shown(client, f"{LIST}{query}")

    assert "of others" not in html
    assert f"/{job.pk}/" not in html
    assert "No job matches." in html or "There are no jobs yet." in html


def test_a_search_for_the_id_of_a_hidden_job_finds_nothing(client: Client) -> None:
    assert "No job matches." in shown(client, f"{LIST}?q={hidden_job().pk}")


@pytest.mark.parametrize("page", ["change", "history", "delete", "cancel", "retry"])
@pytest.mark.parametrize("status", ["pending", "failed"])
def test_no_page_of_a_hidden_job_differs_from_that_of_a_missing_one(
    page: str, status: str, client: Client
) -> None:
    job, missing = hidden_job(status), 987654
    answers = []
    for key in (job.pk, missing):
        for verb in (client.get, client.post):
            response = verb(f"{LIST}{key}/{page}/", {"post": "yes"}, follow=True)
            text = response.content.decode().replace(str(key), "KEY")
            assert "of others" not in text
            answers.append((response.status_code, response.redirect_chain))

    assert answers[:2] == answers[2:]
    assert status_of(job) == status


@pytest.mark.parametrize("action", ["cancel", "retry", "delete"])
def test_an_action_leaves_hidden_jobs_alone(action: str, client: Client) -> None:
    waiting, failed = hidden_job(), hidden_job("failed")

    choose(client, action, waiting, failed)
    choose(client, action, query="status:pending,failed")

    assert (status_of(waiting), status_of(failed)) == ("pending", "failed")


def test_the_page_of_a_schedule_does_not_tell_of_a_hidden_job(client: Client) -> None:
    for job in (hidden_job("failed"), a_job("failed")):
        schedule = Schedule.objects.create(
            job_class=f"a.J{job.pk}", interval=5, next_run=timezone.now(), last_job_id=job.pk
        )
        html = shown(client, at("schedule", schedule.pk))
        assert (at("job", job.pk) in html) == (job.queue_name != "high")
        assert ("Failed" in html) == (job.queue_name != "high")


def test_the_page_of_a_worker_counts_visible_jobs(client: Client) -> None:
    worker = a_worker()
    for _ in range(2):
        a_job("running", worker=worker)
    hidden_job("running", worker=worker)

    assert "<b>2</b> claimed jobs, 4 slots" in shown(client, at("worker", worker.pk))


def test_a_user_sees_all_jobs_if_the_function_filters_none(settings: Any) -> None:
    assert sees_all(AnonymousUser())
    for name, is_whole in (("shows_all", True), ("own_queues", False), ("shows_none", False)):
        settings.PGJOBS = {"VISIBLE_JOBS": f"{PATH}.{name}"}
        assert sees_all(AnonymousUser()) == is_whole, name


# Permissions --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permission", "verbs"),
    [
        ("view_job", {Verb.VIEW}),
        ("add_job", {Verb.ENQUEUE}),
        ("change_job", {Verb.VIEW, Verb.CANCEL, Verb.RETRY}),
        ("delete_job", {Verb.DELETE}),
        ("manage_queues", {Verb.PAUSE, Verb.RESUME}),
        ("change_pause", set()),
    ],
)
def test_a_permission_allows_its_verbs_and_no_others(permission: str, verbs: set[Verb]) -> None:
    signed_in(permission)
    user = User.objects.get()

    assert {verb for verb in Verb if may(user, verb)} == verbs
    assert set(PERMISSIONS) == set(Verb)


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [
        ("view_job", {"list", "page"}),
        ("change_job", {"list", "page", "cancel", "retry"}),
        ("delete_job", set()),
        ("add_job", set()),
        ("manage_queues", set()),
        ("view_schedule", set()),
    ],
)
def test_an_address_of_the_admin_needs_its_permission(permission: str, allowed: set[str]) -> None:
    browser = signed_in(permission)
    job = a_job().get_absolute_url().removesuffix("change/")
    found = {
        "list": browser.get(LIST),
        "page": browser.get(f"{job}change/"),
        "cancel": browser.post(f"{job}cancel/"),
        "retry": browser.post(f"{job}retry/"),
        "delete": browser.get(f"{job}delete/"),
    }

    assert {name for name, answer in found.items() if answer.status_code != 403} == allowed
