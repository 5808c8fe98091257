"""The page of one job: what it shows of ordinary rows, and of rows that SQL by hand wrote."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from pgjobs.choices import JobStatus
from pgjobs.models import Job, JournalEntry, Schedule
from pgjobs.models.job import Job as JobModel
from pgjobs.pages.job import chain
from pgjobs.steering import single
from pgjobs.steering.actor import Actor
from tests.apps.testapp.jobs import AboutObject, Noop, Raising
from tests.apps.testapp.models import Site
from tests.support.browsing import HOSTILE
from tests.support.moments import ago
from tests.support.rows import a_failure, a_job, a_site, a_worker
from tests.support.sql import query
from tests.support.staff import page, shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def looking() -> Client:
    return signed_in("view_job", "view_schedule", "view_workerprocess", "view_user")


@pytest.mark.parametrize("status", JobStatus.values)
def test_a_job_in_each_status_has_a_page(status: str, looking: Client) -> None:
    assert str(JobStatus(status).label) in page(looking, a_job(status))


def test_a_page_shows_arguments_result_and_data(looking: Client) -> None:
    job = a_job("completed", kwargs={"full": True}, result={"files": 7}, data=["käse"])
    html = page(looking, job)
    for part in ("&quot;full&quot;: true", "&quot;files&quot;: 7", "käse"):
        assert part in html


def test_typed_values_are_shown_as_values_and_an_object_as_a_link(looking: Client) -> None:
    user = User.objects.get()
    kwargs = {"until": {"$date": "2026-12-31"}, "who": {"$model": ["auth.user", user.pk]}}
    html = page(looking, a_job(kwargs=kwargs))
    assert "2026-12-31" in html
    assert f'<a href="{reverse("admin:auth_user_change", args=[user.pk])}">auth.user:' in html


def test_a_waiting_job_says_first_why_it_waits(looking: Client) -> None:
    html = page(looking, a_job())
    assert "No living worker serves the queue default." in html
    assert html.index("Why it waits") < html.index('class="pgj-timeline"')


def test_the_timeline_names_the_gaps(looking: Client) -> None:
    begin = timezone.now() - timedelta(hours=1)
    job = a_job(
        "completed",
        created=begin,
        started=begin + timedelta(seconds=48),
        completed=begin + timedelta(seconds=60),
    )
    html = page(looking, job)
    assert "waited 48.0 s for a slot" in html
    assert "ran 12.0 s" in html
    assert "due in 1 h" in page(looking, a_job("scheduled", scheduled=ago(hours=-1.5)))


def test_the_default_timeout_is_shown(looking: Client) -> None:
    assert "5 min" in page(looking, a_job())
    assert "90" in page(looking, a_job(timeout=90))


def test_a_page_links_to_user_worker_and_schedule(looking: Client) -> None:
    user, worker = User.objects.get(), a_worker()
    Schedule.objects.create(job_class=Noop.path, interval=60, next_run=ago(hours=-1))
    html = page(looking, a_job("running", user=user, worker=worker))
    assert reverse("admin:auth_user_change", args=[user.pk]) in html
    assert f"/workers/{worker.pk}/" in html
    assert "/queues/default/" in html
    assert "by its schedule" in html


def test_a_running_job_that_was_cancelled_says_that_it_was_told_to_stop(looking: Client) -> None:
    job = a_job("running")
    job.cancel()
    assert "told to stop" in page(looking, job)


def test_a_page_shows_progress_as_a_bar(looking: Client) -> None:
    job = a_job("running", progress={"done": 1, "total": 4, "message": "reading"})
    html = page(looking, job)
    assert 'max="100" value="25"' in html
    assert "reading" in html


def test_the_jobs_before_and_after_are_those_of_the_class_and_object(looking: Client) -> None:
    site, other = a_site("Lund"), a_site("Oslo")
    first, elsewhere, job, last = (AboutObject.enqueue(s) for s in (site, other, site, site))
    html = page(looking, job)
    assert first.get_absolute_url() in html
    assert last.get_absolute_url() in html
    assert elsewhere.get_absolute_url() not in html


def test_a_job_is_compared_with_the_run_before(looking: Client) -> None:
    kwargs = {"same": 1, "n": 1, "password": "one"}
    before = a_job("completed", kwargs=kwargs, result={"files": 7})
    job = a_job("errored", kwargs={**kwargs, "n": 2, "password": "two"}, error="boom\nat last")
    html = page(looking, job)
    assert f"Beside #{before.pk}" in html
    assert "Argument n" in html
    assert "Argument same" not in html
    assert "Argument password" not in html


def test_the_actions_on_a_job_are_shown_to_readers_of_the_journal(looking: Client) -> None:
    job = a_job()
    single.cancel(job, by=Actor.python("Nora"))
    assert "by Nora" not in page(looking, job)
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    assert "by Nora" in page(root, job)


@pytest.mark.parametrize(
    ("what", "options"),
    [
        ({"ids": ["PK", "x"]}, {}),
        ({"ids": ["PK", -5, True, None, 1.5, {"a": 1}]}, {}),
        ({"ids": ["PK"]}, {"of": "x"}),
        ({"ids": ["PK"]}, {"of": -5}),
        ({"ids": 5}, {"of": "PK"}),
        ({"ids": None}, {"of": "PK"}),
        (5, {"of": "PK"}),
        ({"ids": ["PK"]}, 5),
    ],
)
def test_an_entry_of_the_journal_that_sql_by_hand_wrote_is_shown(what: Any, options: Any) -> None:
    job = a_job()
    filled = json.loads(json.dumps([what, options]).replace('"PK"', str(job.pk)))
    JournalEntry.objects.create(
        who="Nora", surface="sql", verb="rerun", what=filled[0], options=filled[1]
    )
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    assert "by Nora" in page(root, job)


# Odd rows ------------------------------------------------------------------------------


def test_an_object_that_is_gone_is_shown_by_its_key(looking: Client) -> None:
    job = AboutObject.enqueue(site := a_site("Berlin"))
    Site.objects.filter(pk=site.pk)._raw_delete("default")
    assert f"testapp.site:{site.pk}" in page(looking, job)
    Job.objects.filter(pk=job.pk).update(object_id="not a number")
    assert "testapp.site:not a number" in page(looking, job)
    gone = ContentType.objects.create(app_label="plugin", model="gone")
    assert "plugin.gone:7" in page(looking, a_job(object_type=gone, object_id="7"))


def test_an_object_whose_text_raises_is_shown_by_the_reason(
    looking: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def raises(site: Site) -> str:
        raise LookupError("no such name")

    job = AboutObject.enqueue(a_site("Berlin"))
    monkeypatch.setattr(Site, "__str__", raises)
    assert "Site (showing it raised LookupError)" in page(looking, job)


def test_a_job_of_an_unknown_class_whose_worker_is_gone_is_shown(looking: Client) -> None:
    job = a_job("errored", job_class="gone.Class", worker_id=987654, kwargs={"a": "b"})
    html = page(looking, job)
    assert "987654, gone" in html
    assert "unknown class" in html
    assert "Run again" not in html


@pytest.mark.parametrize(
    "value",
    ["null", "5", "[]", '"text"', '[[{"a": [null]}]]', '{"$model": ["a.b"]}', '{"$date": 5}'],
)
@pytest.mark.parametrize("column", ["kwargs", "args", "data", "result", "errors", "progress"])
def test_any_json_in_a_column_is_shown(column: str, value: str, looking: Client) -> None:
    job = a_job("errored")
    query(f"UPDATE pgjobs_job SET {column} = %s::jsonb WHERE id = %s", value, job.pk)
    assert "Errored" in page(looking, job)


@pytest.mark.parametrize("column", ["kwargs", "data", "result"])
def test_values_that_are_huge_or_that_python_cannot_read_are_shown_in_part(
    column: str, looking: Client
) -> None:
    job = a_job("completed")
    deep = "[" * 5000 + "]" * 5000
    for value in ('{"a": 1e5000}', f'{{"a": "{"x" * 300_000}"}}', deep, f"[{'1,' * 9999}1]"):
        query(f"UPDATE pgjobs_job SET {column} = %s::jsonb WHERE id = %s", value, job.pk)
        assert len(page(looking, job)) < 400_000


def test_text_of_a_job_is_escaped_everywhere(looking: Client) -> None:
    job = a_job(
        "errored",
        name=HOSTILE,
        error=HOSTILE,
        errors=[a_failure(message=HOSTILE, exception=HOSTILE, traceback=HOSTILE)],
        kwargs={HOSTILE: HOSTILE, "m": {"$model": [HOSTILE, 1]}, "d": {"$date": HOSTILE}},
        result=HOSTILE,
        data=[HOSTILE],
        progress={"message": HOSTILE},
        worker=a_worker(name=HOSTILE),
    )
    query("UPDATE pgjobs_job SET queue_name = %s, once_key = %s", HOSTILE[:90], HOSTILE)
    html = page(looking, job)
    assert "<script>window" not in html
    assert "<img" not in html


# Cost ----------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["running", "errored"])
def test_a_longer_history_takes_no_more_queries(
    status: str, looking: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    site = a_site()
    columns: dict[str, Any] = {"object": site, "worker": a_worker(), "user": User.objects.get()}
    job = [a_job(status, **columns) for _ in range(20)][10]
    Job.objects.filter(pk=job.pk).update(errors=[a_failure(attempt=n) for n in range(50)])
    page(looking, job)  # the content types are known from now on
    with django_assert_max_num_queries(15) as counted:
        page(looking, job)
    assert sum('"pgjobs_job"."kwargs"' in each["sql"] for each in counted.captured_queries) <= 2


# Addresses -----------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["987654", "9" * 24, "9" * 4301, "%00", "-1", "x", "_00", "%0A"])
@pytest.mark.parametrize("page", ["change", "delete", "rerun", "log.txt", "cancel", "retry"])
@pytest.mark.parametrize("root", ["/admin/pgjobs/job/", "/jobs/jobs/"])
def test_an_address_of_a_job_that_does_not_exist_is_not_found(
    root: str, page: str, key: str, admin_client: Client
) -> None:
    end = {"change": "change/" if "admin" in root else "", "log.txt": "log.txt"}
    verb = admin_client.post if page in ("cancel", "retry") else admin_client.get
    address = f"{root}{key}/{end.get(page, f'{page}/')}"
    # The admin takes an unknown address for one without "change/" at its end.
    assert verb(address, follow=True).status_code == 404


def test_the_address_of_a_job_is_that_in_the_admin_or_that_alone(
    settings: Any, looking: Client
) -> None:
    job = a_job()
    assert job.get_absolute_url() == f"/admin/pgjobs/job/{job.pk}/change/"
    settings.ROOT_URLCONF = "tests.pages.job.urls_alone"
    assert JobModel(pk=job.pk).get_absolute_url() == f"/jobs/jobs/{job.pk}/"
    settings.ROOT_URLCONF = "tests.pages.job.no_urls"
    assert JobModel(pk=job.pk).get_absolute_url() == ""


def test_the_short_address_of_the_admin_leads_to_the_page(looking: Client) -> None:
    job = a_job()
    response = looking.get(f"/admin/pgjobs/job/{job.pk}/", follow=True)
    assert response.redirect_chain == [(f"/admin/pgjobs/job/{job.pk}/change/", 302)]
    assert shown(looking, f"/jobs/jobs/{job.pk}/")


def test_the_job_before_is_looked_for_among_the_nearest_jobs_of_the_object(
    looking: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = a_site()
    earlier = a_job("completed", object=site)
    a_job("completed", object=site, job_class=Raising.path, name="another")
    job = a_job("completed", object=site)
    assert f"#{earlier.pk}" in shown(looking, job.get_absolute_url())
    monkeypatch.setattr(chain, "NEAR", 1)
    assert f"#{earlier.pk}" not in shown(looking, job.get_absolute_url())
