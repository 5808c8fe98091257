"""Who may do what with the list, and what it shows of odd and hostile rows."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from pgjobs.models import Job, Pause
from tests.access.hooks import PATH
from tests.apps.testapp.jobs import AboutObject
from tests.apps.testapp.models import Site
from tests.support.browsing import HOSTILE
from tests.support.moments import ago
from tests.support.rows import a_job, a_site, a_worker
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


# What a row shows ---------------------------------------------------------------------------


@pytest.fixture
def looking() -> Client:
    return signed_in("view_job")


@pytest.mark.parametrize("root", [LIST, "/jobs/jobs/"])
def test_text_that_jobs_and_addresses_hold_is_escaped(root: str, looking: Client) -> None:
    a_worker(name=HOSTILE[:100])
    site = Site.objects.create(name=HOSTILE[:100])
    a_job("failed", name=HOSTILE, error=HOSTILE * 3, queue_name=HOSTILE[:100], object=site)
    a_job("running", progress={"done": 1, "total": 2, "message": HOSTILE})
    looking.post(f"{root}views/", {"name": HOSTILE[:60], "q": HOSTILE})
    for address in ("", f"?q={HOSTILE}", f"?{HOSTILE}=1", f'?q="{HOSTILE}"', "?q=status:failed"):
        html = shown(looking, f"{root}{address}")
        assert "<script>window" not in html
        assert "<img" not in html


@pytest.mark.parametrize("name", ["q", "add", "status", "queue_name", "before_id", "top", "x"])
def test_a_nul_in_the_address_of_the_list_breaks_nothing(name: str, looking: Client) -> None:
    job = a_job()
    response = looking.get(LIST, {name: "a\0"}, follow=True)
    assert response.status_code == 200
    assert name in ("before_id", "top") or f"job-{job.pk}" not in response.content.decode()


@pytest.mark.parametrize("value", ["9" * 4301, "-1", "x", "0", "1.5", "9" * 18])
def test_an_odd_place_in_the_list_breaks_nothing(value: str, looking: Client) -> None:
    a_job()
    for name in ("before_id", "after_id", "top"):
        assert looking.get(LIST, {name: value}).status_code == 200


def test_a_waiting_job_tells_why_it_waits(looking: Client) -> None:
    query("DELETE FROM pgjobs_worker")
    a_worker(queues=["default", "low"], has_session_lock=False)
    Pause.objects.pause(queue="low")
    jobs = {
        "paused queue": a_job(queue_name="low"),
        "no worker": a_job(queue_name="high"),
        "in 2 h": a_job("scheduled", scheduled=timezone.now() + timedelta(hours=2, minutes=5)),
        "again in 59 min": a_job("scheduled", attempt=1, max_attempts=3),
        "": a_job(),
    }
    rows = {row.job.pk: row for row in looking.get(LIST).context["rows"]}
    assert {rows[job.pk].note: job for job in jobs.values()} == jobs
    held = {note for note, job in jobs.items() if rows[job.pk].is_held}
    assert held == {"paused queue", "no worker"}
    assert "pgj-gray pgj-held" in shown(looking, LIST)


def test_a_running_job_tells_how_far_it_has_come(looking: Client) -> None:
    a_job("running", progress={"done": 1, "total": 4, "message": "reading"})
    a_job("running", cancel_requested=timezone.now())
    html = shown(looking, LIST)
    for part in ('max="100" value="25"', "reading", "told to stop"):
        assert part in html


def test_an_error_is_one_line_and_opens_to_the_whole(looking: Client) -> None:
    a_job("errored", error="ValueError: boom\nthe second line")
    html = shown(looking, LIST)
    assert 'title="ValueError: boom">ValueError: boom</summary>' in html
    assert '<pre tabindex="0">ValueError: boom\nthe second line</pre>' in html


@pytest.mark.parametrize("style", ["iso_8601", "sql_standard", "postgres_verbose"])
def test_spans_are_shown_whatever_interval_style_the_database_sets(
    style: str, looking: Client
) -> None:
    query(f"SET LOCAL IntervalStyle = '{style}'")
    a_job("running", worker=a_worker(), started=ago(hours=30))
    assert "1 d 6 h" in shown(looking, LIST)


def test_an_object_is_shown_by_its_text_or_by_its_key(
    looking: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    AboutObject.enqueue(site := a_site("Berlin"))
    assert "Berlin" in shown(looking, LIST)
    gone = ContentType.objects.create(app_label="plugin", model="gone")
    a_job(object_type=gone, object_id="7")
    odd = AboutObject.enqueue(site)
    Job.objects.filter(pk=odd.pk).update(object_id="not a number")
    html = shown(looking, LIST)
    for text in ("plugin.gone:7", "testapp.site:not a number"):
        assert text in html

    def raises(site: Site) -> str:
        raise LookupError("no such name")

    monkeypatch.setattr(Site, "__str__", raises)
    assert "Site (showing it raised LookupError)" in shown(looking, LIST)
    query("ALTER TABLE testapp_site RENAME TO gone")
    assert f"testapp.site:{site.pk}" in shown(looking, LIST)


def test_a_longer_list_takes_no_more_queries_and_reads_no_wide_column(
    looking: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    looking.get(LIST)
    for _ in range(20):
        AboutObject.enqueue(
            a_site("Berlin"),
        )
    with django_assert_num_queries(19) as counted:
        looking.get(LIST, {"q": "class:AboutObject queue:default"})
    asked = [query["sql"] for query in counted.captured_queries]
    assert not any('"pgjobs_job"."kwargs"' in sql for sql in asked)


# Addresses ----------------------------------------------------------------------------------


def test_an_address_of_the_former_list_leads_to_the_same_jobs(looking: Client) -> None:
    worker = a_worker()
    job = a_job("running", worker=worker)
    a_job("running")
    old = f"{LIST}?status__exact=running&worker__id__exact={worker.pk}"
    response = looking.get(old, follow=True)
    assert response.redirect_chain == [(f"{LIST}?q=status%3Arunning+worker%3A{worker.pk}", 302)]
    assert response.context["part"].ids == [job.pk]


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
