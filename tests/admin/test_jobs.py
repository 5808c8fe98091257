"""Jobs in the admin: their list and the page of each."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from pgjobs.admin import listing
from pgjobs.models import Job
from tests.apps.testapp.jobs import AboutObject
from tests.apps.testapp.models import Site
from tests.support.rows import a_job, a_site
from tests.support.sql import query
from tests.support.staff import LIST, page

pytestmark = pytest.mark.django_db


def listed(client: Client, **filters: Any) -> list[int]:
    response = client.get(LIST, filters)
    assert response.status_code == 200
    return [job.pk for job in response.context["cl"].result_list]


# The list ----------------------------------------------------------------------------


def test_the_list_shows_each_job_with_its_status_its_colour_and_its_object(looking: Client) -> None:
    site = a_site("Berlin")
    AboutObject.enqueue(site)
    html = looking.get(LIST).content.decode()
    assert '<span class="pgjobs-badge pgjobs-cyan">Pending</span>' in html
    assert "Berlin" in html


def test_an_object_that_was_deleted_is_shown_by_its_key(looking: Client) -> None:
    site = a_site("Berlin")
    AboutObject.enqueue(site)
    Site.objects.filter(pk=site.pk)._raw_delete("default")
    assert f"testapp.site:{site.pk}" in looking.get(LIST).content.decode()


def test_an_object_whose_key_does_not_fit_its_model_is_shown_by_its_key(looking: Client) -> None:
    job = AboutObject.enqueue(a_site("Berlin"))
    Job.objects.filter(pk=job.pk).update(object_id="not a number")
    assert "testapp.site:not a number" in looking.get(LIST).content.decode()
    assert "testapp.site:not a number" in page(looking, job)


def test_an_object_whose_text_raises_is_shown_by_the_reason(
    looking: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, sound = AboutObject.enqueue(a_site("Berlin")), AboutObject.enqueue()

    def raises(site: Site) -> str:
        raise LookupError("no such name")

    monkeypatch.setattr(Site, "__str__", raises)
    for html in (looking.get(LIST).content.decode(), page(looking, job)):
        assert "Site (showing it raised LookupError)" in html
    assert listed(looking) == [sound.pk, job.pk]


def test_an_object_whose_table_is_gone_is_shown_by_its_key(looking: Client) -> None:
    job = AboutObject.enqueue(site := a_site("Berlin"))
    query("ALTER TABLE testapp_site RENAME TO gone")
    for html in (looking.get(LIST).content.decode(), page(looking, job)):
        assert f"testapp.site:{site.pk}" in html


def test_an_object_whose_model_is_gone_is_shown_by_its_key(looking: Client) -> None:
    gone = ContentType.objects.create(app_label="plugin", model="gone")
    job = a_job(object_type=gone, object_id="7")
    for html in (looking.get(LIST).content.decode(), page(looking, job)):
        assert "plugin.gone:7" in html


def test_json_that_python_cannot_read_is_shown_as_text_and_saved_as_it_was(looking: Client) -> None:
    job = a_job()
    query("UPDATE pgjobs_job SET data = %s, errors = '5' WHERE id = %s", '{"a": 1e5000}', job.pk)
    assert f"1{'0' * 5000}" in page(looking, job)
    Job.objects.get(pk=job.pk).save()
    (row,) = query("SELECT jsonb_typeof(data) AS kind FROM pgjobs_job WHERE id = %s", job.pk)
    assert row["kind"] == "object"


def test_a_longer_list_takes_no_more_queries(
    looking: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    looking.get(LIST)
    for _ in range(20):
        AboutObject.enqueue(a_site("Berlin"))
    with django_assert_num_queries(9) as counted:  # a savepoint among them
        looking.get(LIST)
    asked = [query["sql"] for query in counted.captured_queries]
    assert not any('"pgjobs_job"."kwargs"' in sql for sql in asked)


@pytest.mark.parametrize(
    ("filters", "matches"),
    [
        ({"status__exact": "errored"}, {"errored"}),
        ({"queue_name": "low"}, {"low"}),
        ({"job_class": "gone.Class"}, {"gone"}),
        ({"q": "boom"}, {"errored"}),
        ({"q": "Nightly"}, {"named"}),
        (
            {
                "created__gte": "2026-01-02 00:00:00+00:00",
                "created__lt": "2999-01-01 00:00:00+00:00",
            },
            {"errored", "low", "named"},
        ),
    ],
)
def test_the_list_shows_the_jobs_that_match_a_filter_or_a_search(
    looking: Client, filters: dict[str, str], matches: set[str]
) -> None:
    jobs = {
        "errored": a_job("errored", error="boom"),
        "low": a_job("running", queue_name="low"),
        "named": a_job(name="Nightly sync"),
        "gone": a_job(
            "completed",
            job_class="gone.Class",
            **dict.fromkeys(("created", "started", "completed"), timezone.now().replace(year=2020)),
        ),
    }
    assert set(listed(looking, **filters)) == {jobs[name].pk for name in matches}


def test_a_search_for_a_number_finds_the_job_with_this_id(looking: Client) -> None:
    jobs = [a_job(name=f"Job {number}") for number in range(3)]
    assert listed(looking, q=str(jobs[1].pk)) == [jobs[1].pk]


@pytest.mark.parametrize("term", ["7" * 4301, "9" * 19, "9" * 20, "\u0667"])
def test_a_search_for_an_unusual_number_finds_nothing(looking: Client, term: str) -> None:
    a_job()
    assert listed(looking, q=term) == []


def test_a_long_list_is_counted_up_to_its_limit_and_says_so(
    looking: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "COUNTED", 3)
    for _ in range(5):
        a_job()
    response = looking.get(LIST)
    assert response.context["cl"].result_count == 3
    assert "More than 3 jobs match" in response.content.decode()
