"""Verbs in a transaction that the caller ends by hand, after ``set_autocommit(False)``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import transaction

from pgjobs import job_end, job_enqueued
from pgjobs.models import Job
from tests.apps.testapp.jobs import Coroutine, Noop
from tests.support.rows import a_job
from tests.support.sql import query

pytestmark = pytest.mark.django_db(transaction=True)

ACTS: dict[str, Callable[[], Any]] = {
    "enqueue": lambda: Noop.enqueue(),
    "enqueue_once": lambda: Noop.enqueue_once(interval=5),
    "enqueue(immediate=True)": lambda: Noop.enqueue(immediate=True),
    "a coroutine": lambda: Coroutine.enqueue(immediate=True),
    "handle": lambda: Noop.handle(Noop.enqueue()),
    "retry": lambda: a_job("completed").retry(),
    "retry in bulk": lambda: (a_job("completed"), Job.objects.all().retry()),
    "cancel": lambda: Noop.enqueue().cancel(),
    "terminate": lambda: Noop.enqueue().terminate(),
}


@pytest.fixture
def heard() -> Iterator[list[str]]:
    """The words of the receivers of ``job_enqueued`` and ``job_end``."""
    told: list[str] = []

    def hear(sender: Job, **_: Any) -> None:
        told.append(sender.status)

    for signal in (job_enqueued, job_end):
        signal.connect(hear)
    yield told
    for signal in (job_enqueued, job_end):
        signal.disconnect(hear)


@pytest.fixture
def by_hand() -> Iterator[None]:
    transaction.set_autocommit(False)
    yield
    transaction.rollback()
    transaction.set_autocommit(True)


@pytest.mark.usefixtures("heard", "by_hand")
@pytest.mark.parametrize("act", ACTS)
def test_a_verb_works_and_its_effect_is_rolled_back(act: str) -> None:
    ACTS[act]()
    assert Job.objects.exists()
    transaction.rollback()
    assert not Job.objects.exists()


@pytest.mark.usefixtures("by_hand")
def test_an_end_is_told_after_the_commit(heard: list[str]) -> None:
    Noop.enqueue(immediate=True)
    assert heard == []
    transaction.commit()
    transaction.set_autocommit(True)
    assert heard == ["completed"]
    transaction.set_autocommit(False)


@pytest.mark.usefixtures("empty_queue", "by_hand")
def test_an_idle_worker_is_not_held_back_from_other_jobs_until_the_commit() -> None:
    query("INSERT INTO pgjobs_doorbell (worker_id, queues) VALUES (4711, '{default}')")
    transaction.commit()
    Noop.enqueue()
    a_job("completed").retry()
    assert query("SELECT worker_id FROM pgjobs_doorbell") == [{"worker_id": 4711}]
    query("DELETE FROM pgjobs_doorbell")
    transaction.commit()


class EndsItself(Noop):
    """Ends its own job in a transaction that nothing commits."""

    def run(self, **_: Any) -> None:
        transaction.set_autocommit(False)
        self.job.terminate()


def test_an_end_that_a_job_leaves_uncommitted_is_not_taken_for_written() -> None:
    job = EndsItself.enqueue()
    EndsItself.handle(job)
    assert Job.objects.get().status == "completed"
