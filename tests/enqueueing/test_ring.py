"""The ring for an enqueued job, and the transactions that may omit it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.signals import post_save
from django.test.utils import CaptureQueriesContext

from pgjobs.enqueueing import ring
from pgjobs.jobs import BackgroundJob
from pgjobs.models import Job
from pgjobs.worker.claiming.doorbell import Doorbell
from pgjobs.worker.connection import EngineConnection
from tests.support.sql import query

pytestmark = pytest.mark.django_db(transaction=True)

_WORKER = 4711


class Rung(BackgroundJob):
    class Meta:
        name = "Rung"

    def run(self, *args: Any, **kwargs: Any) -> None: ...


@pytest.fixture(autouse=True)
def nobody_idle() -> Iterator[None]:
    query("DELETE FROM pgjobs_doorbell")
    yield
    query("DELETE FROM pgjobs_doorbell")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes any transaction count as short, even on a busy machine."""
    monkeypatch.setattr(ring, "SHORT_TRANSACTION", 60.0)


@pytest.mark.usefixtures("patient")
def test_an_enqueue_without_idle_workers_is_one_statement() -> None:
    with CaptureQueriesContext(connection) as captured:
        Rung.enqueue()
    assert len(captured) == 1


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("enqueue", [Rung.enqueue, Rung.enqueue_once])
def test_an_enqueue_rings_once_for_an_idle_worker_of_its_queue(enqueue: Callable[[], Job]) -> None:
    _sit_down("default")
    assert _rings(enqueue) == 1
    assert _rings(enqueue) == 0, "the ring took the registration with it"


@pytest.mark.usefixtures("patient")
def test_an_enqueue_does_not_ring_for_an_idle_worker_of_other_queues() -> None:
    _sit_down("high")
    assert _rings(Rung.enqueue) == 0


def test_a_long_transaction_without_idle_workers_at_its_start_rings() -> None:
    def slowly() -> None:
        with transaction.atomic():
            Rung.enqueue()
            time.sleep(ring.SHORT_TRANSACTION)

    assert _rings(slowly) == 1


def test_a_transaction_that_took_long_since_its_first_job_rings() -> None:
    def slowly() -> None:
        with transaction.atomic():
            Rung.enqueue()
            time.sleep(ring.SHORT_TRANSACTION)
            Rung.enqueue()

    assert _rings(slowly) == 1


@pytest.mark.usefixtures("patient")
def test_a_transaction_with_an_old_snapshot_rings() -> None:
    def with_old_snapshot() -> None:
        with transaction.atomic():
            query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            Rung.enqueue()

    assert _rings(with_old_snapshot) == 1


def test_an_idle_worker_looks_again_after_the_longest_transaction_that_may_omit_its_ring() -> None:
    engine = EngineConnection.with_session("default", "claims")
    bell = Doorbell(engine, ("default",))
    assert bell.second_look_in(time.monotonic()) == math.inf
    try:
        before = time.monotonic()
        bell.sit_down(_WORKER)
        too_early = before + ring.SHORT_TRANSACTION
        assert bell.second_look_in(too_early) < math.inf
        time.sleep(bell.second_look_in(too_early) + 0.001)
        assert bell.second_look_in(too_early) < math.inf, "no look since: it is still due"
        assert bell.second_look_in(time.monotonic()) == math.inf
    finally:
        engine.close()


def test_an_enqueued_job_sends_post_save_as_a_saved_one_does() -> None:
    told: list[tuple[Any, bool]] = []

    def hear(instance: Any, created: bool, **_: Any) -> None:
        told.append((instance, created))

    post_save.connect(hear, sender=Job)
    try:
        job = Rung.enqueue()
    finally:
        post_save.disconnect(hear, sender=Job)
    assert told == [(job, True)]


def test_an_enqueued_job_has_the_values_of_its_row() -> None:
    job = Rung.enqueue(number=1)
    row = Job.objects.get(pk=job.pk)
    names = [field.attname for field in Job._meta.concrete_fields]
    assert {name: getattr(job, name) for name in names} == {
        name: getattr(row, name) for name in names
    }
    assert job._state.db == "default"
    assert not job._state.adding


def _rings(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return sum("pgjobs_ring(" in sent["sql"] for sent in captured.captured_queries)


def _sit_down(queue: str) -> None:
    query(f"INSERT INTO pgjobs_doorbell (worker_id, queues) VALUES ({_WORKER}, '{{{queue}}}')")
