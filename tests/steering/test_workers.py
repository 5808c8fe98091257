"""Workers that are ordered to drain or to restart, from anywhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction

from pgjobs import events
from pgjobs.models import Job, WorkerOrder, WorkerProcess
from pgjobs.steering import workers
from pgjobs.steering.actor import Actor
from tests.apps.testapp.jobs import Held, Noop
from tests.support import traces
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.rows import a_worker
from tests.support.sql import query
from tests.support.worker_process import NERVOUS, RunningWorker, SupervisedWorker

pytestmark = pytest.mark.django_db(transaction=True)

BY = Actor.python("ann")


def living() -> dict[int, str]:
    """Return the names of the workers that have not stopped, by their ids."""
    return dict(WorkerProcess.objects.filter(stopped=None).values_list("pk", "name"))


def have_started(number: int) -> Callable[[], bool]:
    return lambda: len(living()) == number


def test_orders_replace_one_process_and_end_one_process_and_its_neighbour_goes_on(
    child_environment: Environment,
) -> None:
    environment = with_settings(child_environment, **NERVOUS)
    job = Held.enqueue()
    with SupervisedWorker(environment, "-p", "2", "-c", "1", "--name", "twins") as worker:
        traces.until("started")
        eventually(have_started(2))
        (busy,) = Job.objects.filter(status="running").values_list("worker_id", flat=True)
        (idle,) = living().keys() - {busy}

        # Restart: the running job ends first, and then a new process comes.
        assert [each.was_given for each in workers.restart([busy], by=BY)] == [True]
        assert workers.until_taken([busy], timeout=20) == []
        assert query(f"SELECT state, alive FROM pgjobs_workers WHERE id = {busy}") == [
            {"state": "restarting", "alive": True}
        ]
        assert sorted(living()) == sorted([busy, idle])
        traces.release()
        until_status(job, "completed")
        job.refresh_from_db()
        assert (job.epoch, job.interruptions) == (1, 0)
        eventually(lambda: busy not in living() and len(living()) == 2)
        (new,) = living().keys() - {idle}
        assert living()[new] == WorkerProcess.objects.get(pk=busy).name

        # Drain: no process comes in its place, and the neighbour goes on.
        assert query(f"SELECT pgjobs_drain({idle}) AS given") == [{"given": True}]
        eventually(lambda: idle not in living())
        until_status(Noop.enqueue(), "completed")
        assert list(living()) == [new]

        # The last one: the command has nothing left to do.
        workers.drain([new], by=BY)
        assert worker.wait() == 0, worker.output
        assert [told["order"] for told in worker.told(events.WorkerOrdered)] == [
            "restart",
            "drain",
            "drain",
        ]


def test_an_order_follows_a_worker_that_was_taken_for_dead(child_environment: Environment) -> None:
    with RunningWorker(with_settings(child_environment, **NERVOUS)) as worker:
        assert worker.pid
        ((pk, _),) = living().items()
        with transaction.atomic():  # a rescuer has ended its row
            WorkerOrder.objects.create(worker_id=pk, kind="drain")
            query(f"UPDATE pgjobs_worker SET stopped = statement_timestamp() WHERE id = {pk}")
        assert worker.wait() == 0, worker.output
        assert worker.told(events.WorkerTakenForDead, worker=pk)
    assert not living()


def test_a_signal_after_an_order_does_not_cut_off_the_running_job(
    child_environment: Environment,
) -> None:
    job = Held.enqueue()
    with RunningWorker(with_settings(child_environment, **NERVOUS)) as worker:
        traces.until("started")
        ((pk, _),) = living().items()
        workers.drain([pk], by=BY)
        assert workers.until_taken([pk], timeout=20) == []
        worker.terminate()
        eventually(lambda: len(worker.told(events.WorkerStopping)) == 1)
        traces.release()
        assert worker.wait() == 0
    until_status(job, "completed")


def test_an_open_transaction_that_has_given_an_order_holds_up_no_heartbeat(
    child_environment: Environment,
) -> None:
    with RunningWorker(with_settings(child_environment, **NERVOUS)) as worker:
        assert worker.pid
        ((pk, _),) = living().items()
        with transaction.atomic():
            query(f"SELECT pgjobs_restart({pk})")
            row = WorkerProcess.objects.get(pk=pk)
            later = WorkerProcess.objects.filter(pk=pk, heartbeat__gt=row.heartbeat)
            eventually(later.exists)
        assert worker.wait() == 0


@pytest.mark.parametrize("columns", [{"stopped": "2026-01-31T12:00Z"}, {}])
def test_an_order_to_a_worker_that_is_gone_is_refused(columns: dict[str, Any]) -> None:
    pk = a_worker(**columns).pk  # without a lock it is dead

    (ordered,) = workers.drain([pk, 4711], by=BY)

    assert (ordered.id, ordered.was_given) == (pk, False)
    for verb, asked in (("drain", pk), ("restart", 4711)):
        with pytest.raises(Exception, match=f"worker {asked} (has|is|does)"), transaction.atomic():
            query(f"SELECT pgjobs_{verb}({asked})")
    assert not WorkerOrder.objects.exists()


def test_a_worker_of_an_older_release_is_named_because_it_takes_no_order() -> None:
    pk = a_worker(has_session_lock=False).pk
    workers.restart([pk], by=BY)

    assert workers.until_taken([pk], timeout=0) == [pk]
    assert query("SELECT state, ordered FROM pgjobs_workers") == [
        {"state": "alive", "ordered": "restart"}
    ]


def test_a_newer_order_replaces_the_older_one() -> None:
    pk = a_worker(has_session_lock=False).pk

    given = [
        query(f"SELECT pgjobs_{verb}({pk}) AS given") for verb in ("drain", "drain", "restart")
    ]

    assert given == [[{"given": True}], [{"given": False}], [{"given": True}]]
    assert WorkerOrder.objects.get().kind == "restart"


def test_a_name_means_one_worker_or_all_processes_of_a_supervisor() -> None:
    names = ("alone", "twins.1", "twins.2", "twins.night")
    pks = {name: a_worker(name=name).pk for name in names}
    a_worker(name="alone", stopped="2026-01-31T12:00Z")

    assert workers.named("alone") == [pks["alone"]]
    assert workers.named("twins") == [pks["twins.1"], pks["twins.2"]]
    assert workers.named("twins.2") == [pks["twins.2"]]
    assert workers.named(str(pks["alone"])) == [pks["alone"]]
    assert workers.named("twin") == workers.named(str(os.getpid() + 10**9)) == []
