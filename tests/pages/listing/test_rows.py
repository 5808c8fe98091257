"""What the list shows of jobs, odd and hostile ones among them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from pgjobs.models import Job, Pause
from tests.apps.testapp.jobs import AboutObject
from tests.apps.testapp.models import Site
from tests.support.browsing import HOSTILE
from tests.support.moments import ago
from tests.support.rows import a_job, a_site, a_worker
from tests.support.sql import query
from tests.support.staff import LIST, shown, signed_in

pytestmark = pytest.mark.django_db


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
