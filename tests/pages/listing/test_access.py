"""Who may do what with the list, and which addresses lead to it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pgjobs.models import Job
from tests.access.hooks import PATH
from tests.support.rows import a_job, a_worker
from tests.support.sql import query
from tests.support.staff import LIST, shown, signed_in

pytestmark = pytest.mark.django_db

USERS: dict[str, tuple[str, ...]] = {
    "without": ("view_schedule",),
    "viewer": ("view_job",),
    "operator": ("view_job", "change_job"),
    "deleter": ("view_job", "delete_job"),
}
ANSWERS = {
    # address: the answers to without, viewer, operator, deleter, superuser
    "": (403, 200, 200, 200, 200),
    "export/?format=csv": (403, 200, 200, 200, 200),
    "export/?format=json": (403, 200, 200, 200, 200),
    "confirm/?verb=retry&id=1": (403, 403, 200, 403, 200),
    "confirm/?verb=cancel&id=1": (403, 403, 200, 403, 200),
    "confirm/?verb=delete&id=1": (403, 403, 403, 200, 200),
    "POST act/?verb=retry": (403, 403, 302, 403, 302),
    "POST act/?verb=cancel": (403, 403, 302, 403, 302),
    "POST act/?verb=delete": (403, 403, 403, 302, 302),
    "POST views/?name=x": (403, 302, 302, 302, 302),
    "POST views/1/?name=x": (403, 302, 302, 302, 302),
}


def answer(client: Client, root: str, address: str) -> int:
    method, _space, path = address.rpartition(" ")
    if not method:
        return client.get(f"{root}{path}").status_code
    path, _question, given = path.partition("?")
    name, _equals, value = given.partition("=")
    data = {name: value, "filter": json.dumps({"ids": [1]})}
    if client.cookies:  # signed in
        assert client.get(f"{root}{path}").status_code == 405
    return client.post(f"{root}{path}", data).status_code


@pytest.mark.parametrize("root", [LIST, "/jobs/jobs/"])
@pytest.mark.parametrize("address", ANSWERS)
def test_each_address_answers_those_who_may_use_it(root: str, address: str) -> None:
    found = []
    for permissions in USERS.values():
        User.objects.all().delete()
        found.append(answer(signed_in(*permissions), root, address))
    superuser = Client()
    superuser.force_login(User.objects.create_superuser("root", password="x"))
    found.append(answer(superuser, root, address))
    assert tuple(found) == ANSWERS[address]

    assert answer(Client(), root, address) == 302
    assert "login" in Client().get(f"{root}{address.rpartition(' ')[2]}")["Location"]


@pytest.mark.parametrize("verb", ["retry", "cancel", "delete"])
def test_the_list_offers_a_user_the_actions_that_the_user_may_take(verb: str) -> None:
    a_job()
    permission = "delete_job" if verb == "delete" else "change_job"
    assert f'value="{verb}"' in shown(signed_in("view_job", permission), LIST)
    User.objects.all().delete()
    assert 'name="verb"' not in shown(signed_in("view_job"), LIST)


@pytest.fixture
def restricted(settings: Any) -> Client:
    settings.PGJOBS = {"VISIBLE_JOBS": f"{PATH}.own_queues"}
    return signed_in("view_job", "change_job", "delete_job")


def test_no_hidden_job_is_listed_counted_exported_or_changed(restricted: Client) -> None:
    own, hidden = a_job("failed"), a_job("failed", queue_name="high", name="of others")
    for text in ("", "status:failed", "queue:high", f"id:{hidden.pk}", "others"):
        response = restricted.get(LIST, {"q": text})
        assert hidden.pk not in response.context["part"].ids
        for kind in ("csv", "json"):
            sent = b"".join(restricted.get(f"{LIST}export/", {"q": text, "format": kind}))
            assert b"of others" not in sent
    assert restricted.get(LIST).context["part"].total == 1
    for ids in ("all", hidden.pk):
        html = shown(restricted, f"{LIST}confirm/?verb=retry&q=status:failed&id={ids}")
        assert "of others" not in html
    given = json.dumps({"ids": [own.pk, hidden.pk]})
    restricted.post(f"{LIST}act/", {"verb": "delete", "filter": given})
    assert list(Job.objects.all()) == [hidden]


def test_a_hook_that_joins_lists_each_job_once(settings: Any) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.pages.listing.hooks.joins"}
    job = a_job("running", worker=a_worker())
    a_job("running", worker=job.worker)
    part = signed_in("view_job").get(LIST).context["part"]
    assert (len(part.ids), part.total) == (2, 2)


# Addresses ----------------------------------------------------------------------------------


@pytest.fixture
def looking() -> Client:
    return signed_in("view_job")


def test_an_address_of_the_former_list_leads_to_the_same_jobs(looking: Client) -> None:
    worker = a_worker()
    job = a_job("running", worker=worker)
    a_job("running")
    old = f"{LIST}?status__exact=running&worker__id__exact={worker.pk}"
    response = looking.get(old, follow=True)
    assert response.redirect_chain == [(f"{LIST}?q=status%3Arunning+worker%3A{worker.pk}", 302)]
    assert response.context["part"].ids == [job.pk]


def test_a_filter_that_is_too_long_for_an_address_is_kept_without_one(looking: Client) -> None:
    a_job()
    response = looking.get(LIST, {"q": "status:pending", "add": "name:" + "ü" * 3900})
    assert response.status_code == 200
    assert response.context["part"].ids == []


@pytest.mark.parametrize("name", ["name__regex", "created__year", "worker", "user__id__exact"])
def test_an_old_filter_that_is_unknown_or_unreadable_lists_nothing(
    name: str, looking: Client
) -> None:
    a_job()
    response = looking.get(LIST, {name: "x" * 50}, follow=True)
    assert response.context["problems"]
    assert "rows" not in response.context


def test_a_query_that_takes_too_long_says_how_to_narrow_it(
    looking: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    query(
        "INSERT INTO pgjobs_job (job_class, name, queue_name) "
        "SELECT 'a', repeat('a', 200), 'default' FROM generate_series(1, 20000)"
    )
    monkeypatch.setattr("pgjobs.pages.listing.views.PATIENCE", 1)
    html = shown(looking, f"{LIST}?q=nowhere+to+be+found")
    assert "PostgreSQL found no answer within 0.001 s." in html
    assert "q=nowhere+to+be+found+ended%3A1d" in html
