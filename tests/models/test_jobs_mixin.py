"""``JobsMixin``: an object knows its jobs, and its deletion deletes or cancels them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, models, transaction

from pgjobs.choices import JobStatus
from pgjobs.models import Job, JobLogEntry
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from tests.apps.testapp.jobs import AboutObject, Logging, Noop
from tests.apps.testapp.models import Country, Device, Lab, Note, PinnedNote, Room, Site
from tests.support.elsewhere import elsewhere, is_waited_for
from tests.support.eventually import eventually
from tests.support.job_status import status_of
from tests.support.rows import a_finished_job, a_site
from tests.support.sql import query

pytestmark = pytest.mark.django_db

OBJECTS: list[tuple[type[models.Model], dict[str, Any]]] = [
    (Site, {"name": "Lund"}),
    (Device, {"name": "router"}),
    (Country, {"code": "se"}),
]


@pytest.mark.parametrize(("model", "fields"), OBJECTS)
def test_an_object_knows_its_jobs(model: type[models.Model], fields: dict[str, Any]) -> None:
    instance: Any = model._default_manager.create(**fields)
    job = AboutObject.enqueue(instance)
    AboutObject.enqueue()

    assert list(instance.jobs.all()) == [job]


def test_objects_of_different_models_with_one_key_have_separate_jobs() -> None:
    site = a_site()
    country = Country.objects.create(code=str(site.pk))
    job = AboutObject.enqueue(site)

    assert list(site.jobs.all()) == [job]
    assert not country.jobs.exists()


def test_the_jobs_of_several_objects_are_prefetched_in_one_query(
    django_assert_num_queries: Any,
) -> None:
    jobs = [AboutObject.enqueue(a_site()) for _ in range(3)]

    with django_assert_num_queries(2):
        sites = list(Site.objects.order_by("pk").prefetch_related("jobs"))

    assert [list(site.jobs.all()) for site in sites] == [[job] for job in jobs]


def test_the_latest_jobs_are_the_finished_ones_in_reverse_order() -> None:
    site = a_site()
    jobs = [
        a_finished_job(about=site),
        a_finished_job(JobStatus.FAILED, site),
        a_finished_job(JobStatus.ERRORED, site),
    ]
    AboutObject.enqueue(site)

    assert list(site.get_latest_jobs()) == jobs[::-1]


def test_the_latest_jobs_end_with_the_jobs_that_never_started() -> None:
    site = a_site()
    never_started = AboutObject.enqueue(site)
    never_started.cancel()
    job = a_finished_job(about=site)

    assert list(site.get_latest_jobs()) == [job, never_started]


def test_the_latest_jobs_defer_their_data() -> None:
    site = a_site()
    a_finished_job(about=site)

    assert site.get_latest_jobs().get().get_deferred_fields() == {"data"}


@pytest.mark.parametrize(("model", "fields"), OBJECTS)
def test_the_finished_jobs_of_a_deleted_object_are_deleted_with_their_logs(
    model: type[models.Model], fields: dict[str, Any]
) -> None:
    instance = model._default_manager.create(**fields)
    Logging.enqueue(instance).run_here()
    Logging.enqueue().run_here()

    instance.delete()

    assert Job.objects.get().object_id is None
    assert JobLogEntry.objects.filter(job=Job.objects.get()).count() == JobLogEntry.objects.count()


@pytest.mark.parametrize(("model", "fields"), OBJECTS)
def test_the_waiting_jobs_of_a_deleted_object_are_cancelled(
    model: type[models.Model], fields: dict[str, Any]
) -> None:
    instance = model._default_manager.create(**fields)
    waiting, other = AboutObject.enqueue(instance, interval=60), AboutObject.enqueue()

    instance.delete()

    assert list(Job.objects.live()) == [other]
    assert status_of(waiting) == "cancelled"


def test_the_running_job_of_a_deleted_object_ends_without_a_successor() -> None:
    site = a_site()
    job = AboutObject.enqueue(site, interval=60)
    job.start()

    site.delete()

    assert job.terminate()
    assert list(Job.objects.values_list("status", flat=True)) == ["completed"]


def test_the_running_job_of_a_deleted_object_has_no_successor_by_a_new_rule() -> None:
    site = a_site()
    job = AboutObject.enqueue_once(site, interval=60)
    job.start()
    AboutObject.enqueue_once(site, interval=90)

    site.delete()
    job.terminate()

    assert not Job.objects.live().exists()


def test_the_jobs_of_objects_deleted_in_bulk_are_deleted_or_cancelled() -> None:
    sites = [a_site() for _ in range(3)]
    for site in sites:
        a_finished_job(about=site)
    waiting = AboutObject.enqueue(sites[0])

    Site.objects.all().delete()

    assert list(Job.objects.values_list("pk", "status")) == [(waiting.pk, "cancelled")]


@pytest.mark.parametrize(("as_model", "by"), [(Lab, Room), (Room, Lab), (PinnedNote, Note)])
@pytest.mark.parametrize("in_bulk", [False, True])
def test_the_jobs_of_an_object_go_by_whichever_of_its_models_it_is_deleted(
    as_model: type[models.Model], by: type[models.Model], in_bulk: bool
) -> None:
    instance = as_model._default_manager.create()
    finished = a_finished_job(about=instance)
    waiting, other = AboutObject.enqueue(instance), AboutObject.enqueue(a_site())
    by_key = by._default_manager.filter(pk=instance.pk)

    if in_bulk:
        by_key.delete()
    else:
        by_key.get().delete()

    assert not Job.objects.filter(pk=finished.pk).exists()
    assert status_of(waiting) == JobStatus.CANCELLED
    assert status_of(other) == JobStatus.PENDING


def test_a_proxy_and_its_model_have_separate_jobs_about_one_object() -> None:
    lab = Lab.objects.create(name="a")
    room = Room.objects.get(pk=lab.pk)
    as_lab, as_room = AboutObject.enqueue_once(lab), AboutObject.enqueue_once(room)

    assert list(lab.jobs.all()) == [as_lab]
    assert list(room.jobs.all()) == [as_room]
    assert type(Job.objects.get(pk=as_lab.pk).object) is Lab


def test_a_rolled_back_deletion_of_an_object_leaves_its_jobs_alone() -> None:
    site = a_site()
    jobs = [a_finished_job(about=site), AboutObject.enqueue(site)]
    before = query("SELECT * FROM pgjobs_job ORDER BY id")

    with transaction.atomic():
        site.delete()
        transaction.set_rollback(True)

    assert len(jobs) == 2
    assert query("SELECT * FROM pgjobs_job ORDER BY id") == before


def test_thousands_of_finished_jobs_are_deleted_with_their_object() -> None:
    site = a_site()
    Noop.enqueue_many([site] * 2500)
    Job.objects.cancel()

    site.delete()

    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_job_that_goes_back_to_its_queue_while_its_objects_deletion_waits_is_cancelled() -> None:
    site = a_site()
    job = AboutObject.enqueue(site, interval=60)
    job.start()
    with transaction.atomic(), connection.cursor() as cursor:
        record(cursor, [Outcome.released(job.pk, job.epoch)])
        deletion = elsewhere(site.delete)
        eventually(is_waited_for)
    deletion.result(10)

    assert status_of(job) == "cancelled"


@pytest.mark.django_db(transaction=True)
def test_a_user_is_deleted_although_a_job_of_the_user_commits_meanwhile() -> None:
    user = User.objects.create(username="ann")
    job = Noop.enqueue(user=user)
    with transaction.atomic():
        Noop.enqueue(user=user)
        Job.objects.select_for_update().get(pk=job.pk)
        deletion = elsewhere(user.delete)
        eventually(is_waited_for)
    deletion.result(10)

    assert list(Job.objects.values_list("user", flat=True)) == [None, None]


def test_the_jobs_of_several_objects_are_abandoned_in_few_statements(
    django_assert_max_num_queries: Any,
) -> None:
    sites = [a_site() for _ in range(20)]
    for site in sites:
        AboutObject.enqueue(site)

    with django_assert_max_num_queries(10):
        Site.objects.all().delete()

    assert not Job.objects.live().exists()
