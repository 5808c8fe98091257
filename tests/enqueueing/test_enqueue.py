"""``enqueue()``: one row, in the caller's transaction."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_django
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection, models, transaction
from django.test.utils import CaptureQueriesContext

from pgjobs import BackgroundJob
from pgjobs.models import Job
from tests.apps.testapp.jobs import AboutObject, Noop, plain_function
from tests.apps.testapp.models import Country, Device, Site
from tests.support.elsewhere import elsewhere
from tests.support.moments import IN_2030
from tests.support.rows import a_site
from tests.support.sql import database_now


class Particular(BackgroundJob):
    class Meta:
        queue = "high"
        priority = 5
        timeout = 7
        max_attempts = 3

    def run(self) -> None: ...


pytestmark = pytest.mark.django_db


def test_an_enqueued_job_has_the_name_the_class_the_queue_and_the_arguments_of_the_call() -> None:
    job = Noop.enqueue(depth=2)
    job.refresh_from_db()

    assert (job.name, job.job_class) == ("Noop", "tests.apps.testapp.jobs.Noop")
    assert (job.status, job.queue_name, job.kwargs) == ("pending", "default", {"depth": 2})
    assert (job.attempt, job.epoch, job.started, job.completed) == (0, 0, None, None)


def test_an_enqueued_job_is_created_by_the_clock_of_the_database() -> None:
    job = Noop.enqueue()

    assert timedelta(0) <= database_now() - job.created < timedelta(minutes=1)


def test_a_job_enqueued_later_stands_behind() -> None:
    assert Noop.enqueue().position < Noop.enqueue().position


def test_a_job_with_schedule_at_is_scheduled() -> None:
    job = Noop.enqueue(schedule_at=IN_2030)

    assert (job.status, job.scheduled) == ("scheduled", IN_2030)


def test_a_job_with_schedule_at_in_the_past_is_accepted_as_scheduled() -> None:
    long_ago = datetime(2001, 1, 1, tzinfo=UTC)

    assert Noop.enqueue(schedule_at=long_ago).status == "scheduled"


def test_a_job_with_an_interval_alone_is_due_at_once() -> None:
    job = Noop.enqueue(interval=60)

    assert (job.status, job.interval) == ("pending", 60)


@pytest.mark.parametrize(
    ("model", "fields"),
    [(Site, {"name": "Lund"}), (Device, {"name": "router"}), (Country, {"code": "se"})],
)
def test_a_job_about_an_object_refers_to_it_whatever_its_key(
    model: type[models.Model], fields: dict[str, Any]
) -> None:
    instance = model._default_manager.create(**fields)

    job = Job.objects.get(pk=AboutObject.enqueue(instance).pk)

    assert (job.object, job.object_id) == (instance, str(instance.pk))


def test_a_job_with_a_user_refers_to_the_user() -> None:
    user = User.objects.create_user("ann")

    assert Noop.enqueue(user=user).user == user


@pytest.mark.parametrize("nobody", [None, AnonymousUser()])
def test_a_job_enqueued_without_a_user_has_none(nobody: Any) -> None:
    assert Noop.enqueue(user=nobody).user is None


def test_a_job_takes_its_options_from_its_class() -> None:
    job = Particular.enqueue()

    assert (job.queue_name, job.priority, job.timeout, job.max_attempts) == ("high", 5, 7, 3)


def test_an_option_of_the_call_wins_over_that_of_the_class() -> None:
    job = Particular.enqueue(queue_name="low", priority=-1, timeout=9, max_attempts=1)

    assert (job.queue_name, job.priority, job.timeout, job.max_attempts) == ("low", -1, 9, 1)


def test_job_timeout_is_taken_as_timeout_as_in_rq() -> None:
    job = Noop.enqueue(job_timeout=9)

    assert (job.timeout, job.kwargs) == (9, {})


def test_a_job_without_a_timeout_has_that_of_the_setting(
    settings: pytest_django.Settings,
) -> None:
    settings.PGJOBS = {"DEFAULT_TIMEOUT": 42}

    assert Noop.enqueue().time_limit == timedelta(seconds=42)


def test_meta_is_kept_in_the_row() -> None:
    assert Noop.enqueue(meta={"traceparent": "00-ab"}).meta == {"traceparent": "00-ab"}


def test_a_job_about_an_object_goes_to_the_queue_that_is_mapped_for_its_model(
    settings: pytest_django.Settings,
) -> None:
    settings.PGJOBS = {"QUEUE_MAPPINGS": {"site": "high", None: "low"}}

    assert Noop.enqueue(a_site()).queue_name == "high"
    assert Noop.enqueue().queue_name == "low"


def test_a_job_whose_class_has_a_queue_is_not_mapped(settings: pytest_django.Settings) -> None:
    settings.PGJOBS = {"QUEUE_MAPPINGS": {None: "low"}}

    assert Particular.enqueue().queue_name == "high"


def test_a_job_notifies_as_the_setting_says_unless_the_call_says_otherwise(
    settings: pytest_django.Settings,
) -> None:
    settings.PGJOBS = {"DEFAULT_NOTIFICATIONS": "never"}

    assert Noop.enqueue().notifications == "never"
    assert Noop.enqueue(notifications="on_failure").notifications == "on_failure"


def test_a_job_of_a_function_has_the_name_of_the_call() -> None:
    job = Job.enqueue(plain_function, name="Plain", depth=2)

    assert (job.name, job.kwargs) == ("Plain", {"depth": 2})


def test_the_parameters_of_enqueue_are_in_netboxs_order() -> None:
    assert " ".join(inspect.signature(Job.enqueue).parameters) == (
        "func instance name user schedule_at interval immediate queue_name notifications kwargs"
    )


def test_an_enqueue_is_one_insert_statement() -> None:
    site = a_site()
    Noop.enqueue(site)

    with CaptureQueriesContext(connection) as queries:
        Noop.enqueue(site, schedule_at=IN_2030, depth=2)

    assert [query["sql"].split(" ")[0] for query in queries] == ["INSERT"]


@pytest.mark.django_db(transaction=True)
def test_a_job_is_invisible_to_others_until_its_transaction_commits() -> None:
    with transaction.atomic():
        Noop.enqueue()
        before = elsewhere(Job.objects.count).result(10)
    after = elsewhere(Job.objects.count).result(10)

    assert (before, after) == (0, 1)


@pytest.mark.django_db(transaction=True)
def test_a_job_is_rolled_back_with_its_transaction() -> None:
    with transaction.atomic():
        Noop.enqueue()
        transaction.set_rollback(True)

    assert not Job.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_job_in_a_rolled_back_savepoint_is_rolled_back_alone() -> None:
    with transaction.atomic():
        kept = Noop.enqueue()
        with transaction.atomic():
            Noop.enqueue()
            transaction.set_rollback(True)

    assert list(Job.objects.all()) == [kept]


@pytest.mark.django_db(transaction=True)
def test_a_coroutine_can_enqueue_by_the_asynchronous_methods() -> None:
    job = async_to_sync(Noop.aenqueue)(depth=2)
    once = async_to_sync(Noop.aenqueue_once)()
    again = async_to_sync(Noop.aenqueue_once)()

    assert (job.kwargs, once) == ({"depth": 2}, again)
