"""Keys of objects that no row can have: SQL writes them without looking them up."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from pgjobs.exceptions import BadArguments
from pgjobs.models import Job
from pgjobs.steering import enqueueing
from pgjobs.steering.actor import Actor
from tests.api.asking import sent
from tests.apps.testapp.jobs import AboutObject, Charging
from tests.apps.testapp.models import Device
from tests.support.rows import a_job, a_site, tell_sql
from tests.support.sql import query

pytestmark = pytest.mark.django_db

KEYS = [
    ("testapp.site", "x"),
    ("testapp.site", ""),
    ("testapp.site", "1/2"),
    ("testapp.site", "9" * 255),
    ("testapp.site", f"-{2**63 + 1}"),
    ("testapp.device", "no-uuid"),
    ("testapp.device", "7"),
    ("gone.model", "7"),
]


def about(label: str, key: str, status: str = "completed") -> Job:
    app, _, model = label.partition(".")
    kind, _ = ContentType.objects.get_or_create(app_label=app, model=model)
    job = a_job(status, job_class=Charging.path, object_type=kind, object_id=key)
    return Job.objects.get(pk=job.pk)


@pytest.mark.parametrize(("label", "key"), KEYS)
def test_a_job_about_a_key_that_no_row_can_have_has_no_object(label: str, key: str) -> None:
    assert about(label, key).object is None


def test_a_job_from_sql_about_no_object_runs() -> None:
    tell_sql()
    query(f"SELECT pgjobs_enqueue('{AboutObject.path}', object => 'testapp.site:x')")
    job = Job.objects.get()

    job.run_here()

    assert (job.status, job.result) == ("completed", "None")


def test_odd_keys_keep_no_job_from_its_object_when_all_are_read_at_once() -> None:
    site, device = a_site(), Device.objects.create(name="router")
    odd = [about(*each).pk for each in KEYS]
    sound = {a_job(object=each).pk: each for each in (site, device)}
    without = a_job().pk

    # The stubs know Django's own accessor alone.
    jobs = Job.objects.prefetch_related("object")  # type: ignore[misc]
    found = {job.pk: job.object for job in jobs}

    assert found == {**dict.fromkeys(odd), **sound, without: None}


def test_an_object_whose_key_its_own_validators_refuse_is_found(monkeypatch: Any) -> None:
    def refuse(value: Any) -> None:
        raise AssertionError(value)

    site = a_site()
    monkeypatch.setattr(type(site)._meta.pk, "_validators", [refuse])

    assert about("testapp.site", str(site.pk)).object == site


@pytest.mark.parametrize(("label", "key"), KEYS)
def test_a_job_about_such_a_key_is_not_run_again(label: str, key: str) -> None:
    with pytest.raises(BadArguments, match=r"The object of job \d+ no longer exists"):
        enqueueing.rerun(about(label, key), by=Actor.python("test"))


@pytest.mark.urls("tests.api.urls")
@pytest.mark.parametrize(("label", "key"), KEYS)
def test_rest_refuses_to_run_such_a_job_again(label: str, key: str, admin_client: Client) -> None:
    address = f"/api/pgjobs/jobs/{about(label, key).pk}/rerun/"

    assert "no longer exists" in sent(admin_client, address, {}, 409)["detail"]


@pytest.mark.parametrize(("label", "key"), KEYS)
def test_the_pages_refuse_to_run_such_a_job_again(
    label: str, key: str, admin_client: Client
) -> None:
    job = about(label, key)

    answer = admin_client.post(f"/jobs/jobs/{job.pk}/rerun/")

    assert "no longer exists" in answer.content.decode()
    assert Job.objects.count() == 1
