"""Who rings for an enqueued job, and who may leave it out."""

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

pytestmark = pytest.mark.django_db(transaction=True)

_WORKER = 4711


class Rung(BackgroundJob):
    class Meta:
        name = "Rung"

    def run(self, *args: Any, **kwargs: Any) -> None: ...


@pytest.fixture(autouse=True)
def nobody_idle() -> Iterator[None]:
    _execute("DELETE FROM pgjobs_doorbell")
    yield
    _execute("DELETE FROM pgjobs_doorbell")


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any transaction counts as short, on a machine that is busy too."""
    monkeypatch.setattr(ring, "SHORT_TRANSACTION", 60.0)


@pytest.mark.usefixtures("patient")
def test_with_nobody_idle_an_enqueue_is_one_statement() -> None:
    with CaptureQueriesContext(connection) as captured:
        Rung.enqueue()
    assert len(captured) == 1


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("enqueue", [Rung.enqueue, Rung.enqueue_once])
def test_an_idle_worker_is_rung_for(enqueue: Callable[[], Job]) -> None:
    _sit_down("default")
    assert _rings(enqueue) == 1
    assert _rings(enqueue) == 0, "the ring took the registration with it"


@pytest.mark.usefixtures("patient")
def test_a_worker_of_other_queues_is_not_rung_for() -> None:
    _sit_down("high")
    assert _rings(Rung.enqueue) == 0


def test_after_a_long_transaction_somebody_may_have_sat_down() -> None:
    def slowly() -> None:
        with transaction.atomic():
            Rung.enqueue()
            time.sleep(ring.SHORT_TRANSACTION)

    assert _rings(slowly) == 1


def test_the_first_job_of_a_transaction_tells_how_long_it_took() -> None:
    def slowly() -> None:
        with transaction.atomic():
            Rung.enqueue()
            time.sleep(ring.SHORT_TRANSACTION)
            Rung.enqueue()

    assert _rings(slowly) == 1


@pytest.mark.usefixtures("patient")
def test_an_old_snapshot_says_nothing_of_who_is_idle_now() -> None:
    def with_old_snapshot() -> None:
        with transaction.atomic():
            _execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            Rung.enqueue()

    assert _rings(with_old_snapshot) == 1


def test_a_worker_that_sat_down_looks_again_later_than_a_ring_may_be_left_out() -> None:
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


def test_an_enqueued_job_tells_what_a_saved_one_tells() -> None:
    told: list[tuple[Any, bool]] = []

    def hear(instance: Any, created: bool, **_: Any) -> None:
        told.append((instance, created))

    post_save.connect(hear, sender=Job)
    try:
        job = Rung.enqueue()
    finally:
        post_save.disconnect(hear, sender=Job)
    assert told == [(job, True)]


def test_an_enqueued_job_knows_its_row() -> None:
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
    return sum("pgjobs_ring(" in query["sql"] for query in captured.captured_queries)


def _sit_down(queue: str) -> None:
    _execute(f"INSERT INTO pgjobs_doorbell (worker_id, queues) VALUES ({_WORKER}, '{{{queue}}}')")


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
