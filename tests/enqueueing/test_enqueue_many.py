"""``enqueue_many()``: many jobs in bulk, all or none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import pytest_django
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from tests.apps.testapp.jobs import AboutObject, Noop, plain_function
from tests.apps.testapp.models import Country, Device, Note, Site
from tests.support.elsewhere import elsewhere
from tests.support.rows import a_site
from tests.support.sql import job_row, query

pytestmark = pytest.mark.django_db


def test_the_returned_ids_are_in_the_order_of_the_items() -> None:
    ids = Noop.enqueue_many({"number": number} for number in range(5))

    jobs = Job.objects.in_bulk(ids)
    assert [jobs[job].kwargs for job in ids] == [{"number": number} for number in range(5)]


def test_the_jobs_of_one_call_have_positions_in_the_order_of_the_items() -> None:
    ids = Noop.enqueue_many([{}] * 5)

    assert list(Job.objects.order_by("position").values_list("pk", flat=True)) == ids


def test_a_row_made_in_bulk_equals_a_row_made_by_enqueue() -> None:
    site, user = a_site(), User.objects.create_user("ann")
    options: dict[str, Any] = {
        "user": user,
        "schedule_at": datetime(2030, 1, 31, tzinfo=UTC),
        "interval": 60,
        "queue_name": "high",
        "notifications": "never",
        "priority": 5,
        "timeout": 7,
        "max_attempts": 3,
        "meta": {"traceparent": "00-ab"},
    }
    arguments: dict[str, Any] = {
        "at": datetime(2026, 1, 1, tzinfo=UTC),
        "id": UUID(int=7),
        "text": "tab\t\\N\n",
    }

    single = Noop.enqueue(site, **options, **arguments)
    (bulk,) = Noop.enqueue_many([(site, arguments)], **options)

    assert job_row(bulk) == job_row(single.pk)


def test_an_item_may_be_an_object_arguments_or_both() -> None:
    site = a_site()

    ids = Noop.enqueue_many([site, {"depth": 1}, (site, {"depth": 2})])

    jobs = Job.objects.in_bulk(ids)
    assert [(jobs[job].object, jobs[job].kwargs) for job in ids] == [
        (site, {}),
        (None, {"depth": 1}),
        (site, {"depth": 2}),
    ]


def test_items_of_one_call_may_be_objects_of_several_models() -> None:
    objects = [a_site(), Device.objects.create(name="router")]
    objects += [Country.objects.create(code="se")]

    ids = AboutObject.enqueue_many(objects)

    assert [Job.objects.get(pk=job).object for job in ids] == objects


def test_a_common_argument_holds_for_every_item_that_does_not_give_its_own() -> None:
    ids = Noop.enqueue_many([{}, {"depth": 2}], depth=1, colour="red")

    jobs = Job.objects.in_bulk(ids)
    assert [jobs[job].kwargs["depth"] for job in ids] == [1, 2]
    assert [jobs[job].kwargs["colour"] for job in ids] == ["red", "red"]


def test_a_job_about_an_object_goes_to_the_queue_that_is_mapped_for_its_model(
    settings: pytest_django.Settings,
) -> None:
    settings.PGJOBS = {"QUEUE_MAPPINGS": {"site": "high"}}

    ids = AboutObject.enqueue_many([a_site(), {}])

    jobs = Job.objects.in_bulk(ids)
    assert [jobs[job].queue_name for job in ids] == ["high", "default"]


def test_a_function_may_be_enqueued_in_bulk() -> None:
    ids = Job.enqueue_many(plain_function, [{"depth": 1}, {"depth": 2}], name="Plain")

    assert {job.name for job in Job.objects.filter(pk__in=ids)} == {"Plain"}


def test_a_call_without_items_makes_no_jobs() -> None:
    assert Noop.enqueue_many([]) == []


def test_a_larger_batch_takes_no_more_statements() -> None:
    def queries_for(count: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            Noop.enqueue_many([{}] * count)
        return len(queries)

    assert queries_for(500) == queries_for(1)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        (7, "jobs[1] must be a dict of arguments, a model instance, or a pair of both, not 7"),
        ("depth", "jobs[1] must be"),
        (({"depth": 1}, Site(name="x")), "jobs[1] must be"),
        ({"rows": [object()]}, "jobs[1]['rows'][0] is <object"),
        (Site(name="new"), "testapp.Site that was never saved"),
    ],
)
def test_a_bad_item_is_named_in_the_refusal_and_no_job_is_enqueued(item: Any, words: str) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        Noop.enqueue_many([{}, item, {}])

    assert words in str(refusal.value)
    assert not Job.objects.exists()


def test_a_bad_item_after_thousands_of_good_ones_leaves_no_job() -> None:
    def many() -> Iterator[dict[str, Any]]:
        yield from ({} for _ in range(10_500))
        yield {"callback": print}

    with pytest.raises(InvalidArgument, match=r"jobs\[10500\]"):
        Noop.enqueue_many(many())

    assert not Job.objects.exists()


def test_a_bad_option_is_refused_and_no_job_is_enqueued() -> None:
    with pytest.raises(InvalidArgument, match="interval"):
        Noop.enqueue_many(iter([{}]), interval=0)

    assert not Job.objects.exists()


def test_an_object_without_jobs_mixin_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="JobsMixin"):
        Noop.enqueue_many([Note.objects.create(text="x")])


def test_immediate_is_refused_by_enqueue_many() -> None:
    with pytest.raises(InvalidArgument, match="immediate"):
        Noop.enqueue_many([{}], immediate=True)


@pytest.mark.django_db(transaction=True)
def test_the_jobs_are_invisible_until_their_transaction_commits() -> None:
    with transaction.atomic():
        Noop.enqueue_many([{}] * 3)
        before = elsewhere(Job.objects.count).result(10)

    assert (before, Job.objects.count()) == (0, 3)


def test_a_role_that_row_policies_bind_enqueues_in_bulk() -> None:
    query("CREATE ROLE bound_in_bulk; GRANT ALL ON ALL TABLES IN SCHEMA public TO bound_in_bulk")
    query("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO bound_in_bulk")
    query("ALTER TABLE pgjobs_job ENABLE ROW LEVEL SECURITY")
    query("CREATE POLICY house ON pgjobs_job USING (true) WITH CHECK (true)")
    query("SET LOCAL ROLE bound_in_bulk")

    ids = Noop.enqueue_many([{"number": 1}, {"number": 2}])

    jobs = Job.objects.in_bulk(ids)
    assert [jobs[each].kwargs for each in ids] == [{"number": 1}, {"number": 2}]
