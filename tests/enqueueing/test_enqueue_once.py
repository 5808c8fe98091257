"""``enqueue_once()``: exactly one live job for a class and its object."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from pgjobs.choices import FINISHED, JobStatus
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from tests.apps.testapp.jobs import AboutObject, Noop
from tests.apps.testapp.models import Country, Device, Site
from tests.support.job_status import status_of
from tests.support.moments import TOMORROW
from tests.support.rows import a_site
from tests.support.sql import query

pytestmark = pytest.mark.django_db

LATER = TOMORROW + timedelta(days=1)

# The arguments of the first call and of the second, and whether the first job serves both.
RULES: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, {}, True),
    ({"schedule_at": TOMORROW}, {"schedule_at": TOMORROW}, True),
    ({"schedule_at": TOMORROW}, {}, True),
    ({"interval": 60}, {"interval": 60}, True),
    ({"schedule_at": TOMORROW, "interval": 60}, {"interval": 60}, True),
    ({"interval": 60}, {"interval": 60, "queue_name": "high", "depth": 2}, True),
    ({}, {"schedule_at": TOMORROW}, False),
    ({"schedule_at": TOMORROW}, {"schedule_at": LATER}, False),
    ({}, {"interval": 60}, False),
    ({"interval": 60}, {"interval": 90}, False),
    ({"interval": 60}, {}, False),
    ({"schedule_at": TOMORROW, "interval": 60}, {"schedule_at": TOMORROW}, False),
]


def running_once(**rule: Any) -> Job:
    job = Noop.enqueue_once(**rule)
    assert job.start()
    return job


@pytest.mark.parametrize(("first", "second"), [rule[:2] for rule in RULES if rule[2]])
def test_a_waiting_job_of_the_same_rule_is_returned_unchanged(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    before = Noop.enqueue_once(**first)

    after = Noop.enqueue_once(**second)

    assert (after, after.queue_name, after.kwargs) == (before, before.queue_name, before.kwargs)
    assert Job.objects.count() == 1


@pytest.mark.parametrize(("first", "second"), [rule[:2] for rule in RULES if not rule[2]])
def test_a_waiting_job_of_another_rule_is_replaced(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    before = Noop.enqueue_once(**first)

    after = Noop.enqueue_once(**second)

    assert list(Job.objects.all()) == [after]
    assert after.pk != before.pk
    assert (after.scheduled, after.interval) == (second.get("schedule_at"), second.get("interval"))


def test_a_running_job_of_the_same_rule_is_returned() -> None:
    running = running_once(interval=60)

    assert Noop.enqueue_once(interval=60) == running
    assert Job.objects.count() == 1


def test_a_running_job_of_another_rule_is_left_alone() -> None:
    running = running_once(interval=60)

    returned = Noop.enqueue_once(interval=90)

    job = Job.objects.get()
    assert (job, job.status, job.interval) == (returned, "running", 60)
    assert running.terminate()


def test_the_successor_of_a_running_job_follows_the_new_rule() -> None:
    running = running_once(schedule_at=TOMORROW, interval=60, depth=1)

    Noop.enqueue_once(interval=90, queue_name="high", priority=3, depth=2)
    running.terminate()

    successor = Job.objects.live().get()
    assert (successor.interval, successor.kwargs) == (90, {"depth": 2})
    assert (successor.queue_name, successor.priority) == ("high", 3)
    assert successor.scheduled == TOMORROW + timedelta(minutes=90)


def test_the_successor_of_a_running_job_is_scheduled_for_the_new_moment() -> None:
    running = running_once()

    Noop.enqueue_once(schedule_at=TOMORROW)
    running.terminate()

    successor = Job.objects.live().get()
    assert (successor.scheduled, successor.interval) == (TOMORROW, None)


def test_a_running_job_whose_new_rule_has_no_interval_has_no_successor() -> None:
    running = running_once(interval=60)

    Noop.enqueue_once()
    running.terminate()

    assert not Job.objects.live().exists()


def test_the_last_of_several_new_rules_counts_for_the_successor() -> None:
    running = running_once(interval=60)

    for interval in (90, 60, 120):
        Noop.enqueue_once(interval=interval)
    running.terminate()

    assert Job.objects.live().get().interval == 120


def test_the_successor_of_a_finished_job_holds_its_place() -> None:
    running_once(interval=60).terminate()

    assert Noop.enqueue_once(interval=60) == Job.objects.live().get()


@pytest.mark.parametrize("status", FINISHED)
def test_a_finished_job_leaves_its_place_free(status: JobStatus) -> None:
    finished = running_once()
    finished.terminate(status)

    assert Noop.enqueue_once() != finished
    assert Job.objects.count() == 2


def test_each_object_has_a_place_of_its_own() -> None:
    site, other = a_site(), a_site("Umeå")
    country = Country.objects.create(code=str(site.pk))
    device = Device.objects.create(name="router")

    jobs = {AboutObject.enqueue_once(thing) for thing in (site, other, country, device, None)}
    again = {AboutObject.enqueue_once(thing) for thing in (site, other, country, device, None)}

    assert (len(jobs), jobs) == (5, again)


def test_each_class_has_a_place_of_its_own() -> None:
    site = a_site()

    assert AboutObject.enqueue_once(site) != Noop.enqueue_once(site)


@pytest.mark.parametrize("rule", [{}, {"interval": 60}, {"schedule_at": TOMORROW}])
def test_a_job_made_by_enqueue_may_live_beside_one_made_by_enqueue_once(
    rule: dict[str, Any],
) -> None:
    once = Noop.enqueue_once(interval=60)

    beside = Noop.enqueue(**rule)

    assert set(Job.objects.live()) == {once, beside}
    assert Noop.enqueue_once(interval=60) == once


def test_a_job_made_by_enqueue_holds_no_place() -> None:
    beside = Noop.enqueue(schedule_at=TOMORROW)

    once = Noop.enqueue_once(schedule_at=LATER)

    assert set(Job.objects.live()) == {beside, once}


def test_an_argument_that_enqueue_refuses_is_refused_by_enqueue_once() -> None:
    with pytest.raises(InvalidArgument, match="interval"):
        Noop.enqueue_once(interval=0)

    assert not Job.objects.exists()


def test_immediate_is_refused_by_enqueue_once() -> None:
    with pytest.raises(InvalidArgument, match="immediate"):
        Noop.enqueue_once(immediate=True)


@pytest.mark.parametrize("rule", [{}, {"interval": 60}])
def test_a_taken_place_does_not_break_the_callers_transaction(
    rule: dict[str, Any],
) -> None:
    with transaction.atomic():
        Noop.enqueue_once()
        Noop.enqueue_once(**rule)
        a_site()

    assert (Job.objects.count(), Site.objects.count()) == (1, 1)


def test_a_replacement_that_is_rolled_back_leaves_the_job_before_it() -> None:
    before = Noop.enqueue_once()

    with transaction.atomic():
        Noop.enqueue_once(interval=60)
        transaction.set_rollback(True)

    assert list(Job.objects.all()) == [before]


@pytest.mark.parametrize("refers", [False, True])
def test_a_replaced_job_is_cancelled_if_another_table_can_refer_to_it(refers: bool) -> None:
    query(
        "CREATE TABLE project_report "
        "(job_id bigint REFERENCES pgjobs_job DEFERRABLE INITIALLY DEFERRED)"
    )
    replaced = Noop.enqueue_once(interval=60)
    if refers:
        query("INSERT INTO project_report VALUES (%s)", replaced.pk)

    job = Noop.enqueue_once(interval=90)
    connection.check_constraints()

    assert list(Job.objects.live()) == [job]
    assert status_of(replaced) == "cancelled"
    job.cancel()
    replaced.retry()
    replaced.terminate()
    assert not Job.objects.live().exists()


@pytest.mark.parametrize("successor", [5, "text", [1]])
def test_a_running_job_whose_successor_is_no_object_takes_the_new_rule(successor: Any) -> None:
    holder = Noop.enqueue_once(interval=60)
    assert holder.start()
    Job.objects.update(successor=successor)
    assert Noop.enqueue_once(interval=5) == holder
    assert Job.objects.get().successor["interval"] == 5
