"""``enqueue_once()`` beside rivals for the same place at the same time."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop
from tests.support.elsewhere import elsewhere, is_waited_for
from tests.support.eventually import eventually
from tests.support.moments import TOMORROW
from tests.support.sql import query

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("commits", [True, False])
def test_a_rival_waits_until_the_open_transaction_of_the_first_ends(commits: bool) -> None:
    with transaction.atomic():
        mine = Noop.enqueue_once()
        rival = elsewhere(Noop.enqueue_once)
        eventually(is_waited_for)
        transaction.set_rollback(not commits)

    assert (rival.result(10) == mine) is commits
    assert Job.objects.count() == 1


def test_a_rival_with_another_rule_replaces_the_job_of_a_committed_transaction() -> None:
    with transaction.atomic():
        Noop.enqueue_once(interval=60)
        rival = elsewhere(lambda: Noop.enqueue_once(interval=90))
        eventually(is_waited_for)

    replacement = rival.result(10)
    assert (Job.objects.get(), replacement.interval) == (replacement, 90)


def test_a_waiting_job_that_starts_while_a_rival_waits_is_not_replaced() -> None:
    job = Noop.enqueue_once(interval=60)
    with transaction.atomic():
        Job.objects.select_for_update().get()  # so that the rival still finds it waiting
        rival = elsewhere(lambda: Noop.enqueue_once(interval=90))
        eventually(is_waited_for)
        job.start()

    assert rival.result(10) == job
    assert job.terminate()
    assert Job.objects.live().get().interval == 90


def test_the_successor_of_a_job_that_ends_while_a_rival_waits_follows_the_rivals_rule() -> None:
    job = Noop.enqueue_once(interval=60)
    job.start()
    with transaction.atomic():
        Job.objects.select_for_update().get()  # so that the rival still finds it running
        rival = elsewhere(lambda: Noop.enqueue_once(interval=90))
        eventually(is_waited_for)
        job.terminate()

    assert rival.result(10) == Job.objects.live().get()
    assert Job.objects.live().get().interval == 90


@pytest.mark.parametrize("options", [{"interval": 60}, {"schedule_at": TOMORROW}])
def test_a_rule_that_commits_while_the_end_of_the_job_waits_for_its_row_is_followed(
    options: dict[str, Any],
) -> None:
    """The statement that records the end began before the rule was committed."""
    job = Noop.enqueue_once()
    job.start()
    with transaction.atomic():
        assert Noop.enqueue_once(**options) == job
        end = elsewhere(job.terminate)
        eventually(is_waited_for)

    assert end.result(10)
    successor = Job.objects.live().get()
    assert successor.interval == options.get("interval")
    assert successor.scheduled is not None


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_rivals_above_read_committed_find_one_job(level: str) -> None:
    def enqueue_many_times() -> None:
        query(f"SET default_transaction_isolation = '{level}'")
        for interval in range(1, 30):
            Noop.enqueue_once(interval=interval % 2 + 1)

    for rival in [elsewhere(enqueue_many_times) for _ in range(3)]:
        rival.result(60)

    assert Job.objects.count() == 1
