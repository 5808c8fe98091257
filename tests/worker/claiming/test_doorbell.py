"""Waking idle workers: at once, after the commit, and one worker for each job."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone

from pgjobs.enqueueing.ring import SHORT_TRANSACTION
from pgjobs.models import Job, WorkerProcess
from pgjobs.worker.claiming.doorbell import Doorbell
from pgjobs.worker.connection import EngineConnection
from tests.apps.testapp.jobs import Enqueuing, Noop, Tracing
from tests.support import traces
from tests.support.engine import OpenConnection
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.job_status import until_status
from tests.support.sql import idle_workers, transactions
from tests.support.worker_process import NEVER_POLLS, RunningWorker

Sit = Callable[..., "Idle"]


class Idle:
    """A worker that has sat down."""

    def __init__(self, connection: EngineConnection, queues: tuple[str, ...]) -> None:
        self.connection = connection
        self.bell = Doorbell(connection, queues)

    def was_woken(self) -> bool:
        # An earlier notification arrives with the answer.
        self.connection.cursor().execute("SELECT")
        return self.bell.has_rung


@pytest.fixture
def sit(open_connection: OpenConnection) -> Sit:
    """Registers an idle worker."""

    def sit_down(worker: int, *queues: str) -> Idle:
        idle = Idle(open_connection(), queues or ("high", "default", "low"))
        idle.bell.sit_down(worker)
        return idle

    return sit_down


def sits_down_in_vain(cursor: Any) -> bool:
    """Return whether a worker's registration waits for a lock."""
    cursor.execute(
        "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = database "
        "WHERE datname = current_database() AND relation = 'pgjobs_doorbell'::regclass "
        "AND NOT granted)"
    )
    return bool(cursor.fetchone()[0])


def test_an_idle_worker_is_woken_by_a_commit(child_environment: Environment) -> None:
    with RunningWorker(with_settings(child_environment, **NEVER_POLLS)) as worker:
        worker.until_started()
        for turn in range(3):
            eventually(idle_workers)  # it sits down again after each job
            Tracing.enqueue(label=str(turn))
            traces.until(str(turn))


def test_an_idle_worker_is_woken_by_a_job_that_its_own_job_enqueues(
    child_environment: Environment,
) -> None:
    with RunningWorker(with_settings(child_environment, **NEVER_POLLS)) as worker:
        worker.until_started()
        eventually(idle_workers)
        Enqueuing.enqueue(depth=300)  # each a chance for a ring to get lost
        eventually(lambda: Job.objects.filter(status="completed").count() == 300)


def test_a_job_that_commits_while_the_worker_becomes_idle_is_seen(
    child_environment: Environment,
) -> None:
    with RunningWorker(with_settings(child_environment, **NEVER_POLLS)) as worker:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE pgjobs_doorbell IN SHARE ROW EXCLUSIVE MODE")
            worker.until_started()
            eventually(lambda: sits_down_in_vain(cursor))
            # The worker's look found no job. This row rings for no worker, like a row with a ring
            # that came too early:
            Job(job_class=Tracing.path, name="silent", queue_name="default").save()
        traces.until("ran")


def test_a_short_transaction_that_was_open_while_the_worker_became_idle_needs_no_ring(
    child_environment: Environment, open_connection: OpenConnection
) -> None:
    bell = Doorbell(open_connection(), ())
    with RunningWorker(with_settings(child_environment, **NEVER_POLLS)) as worker:
        worker.until_started()
        for turn in range(1, 51):
            eventually(idle_workers)
            if _seconds_after_sitting_down(bell) < SHORT_TRANSACTION:
                break  # the worker had to see it without a ring
            bell.ring(["default"])
            eventually(partial(_has_run, turn))
        else:
            pytest.fail("this machine is too slow for a short transaction")
        eventually(partial(_has_run, turn))


def _has_run(times: int) -> bool:
    return traces.count("ran") == times


def _seconds_after_sitting_down(bell: Doorbell) -> float:
    """Commit a job after the worker sat down and looked; return the largest possible time between
    the two."""
    with transaction.atomic():
        Job(job_class=Tracing.path, name="silent", queue_name="default").save()
        stood = time.monotonic()
        bell.ring(["default"])
        for _ in range(100_000):
            asked = time.monotonic()
            if idle_workers():
                break
            stood = asked
        time.sleep(SHORT_TRANSACTION / 3)
    return time.monotonic() - stood


def test_an_idle_worker_wakes_for_the_next_scheduled_job(
    child_environment: Environment,
) -> None:
    with RunningWorker(with_settings(child_environment, **NEVER_POLLS)) as worker:
        worker.until_started()
        eventually(idle_workers)
        with transaction.atomic():
            Noop.enqueue()  # this job wakes the worker; the other job would not
            soon = Noop.enqueue(schedule_at=timezone.now() + timedelta(seconds=2))
        until_status(soon, "completed")
    soon.refresh_from_db()
    assert soon.scheduled is not None
    assert soon.started is not None
    assert soon.started >= soon.scheduled


def test_a_worker_whose_next_job_is_locked_does_not_spin(
    child_environment: Environment, open_connection: OpenConnection
) -> None:
    held = Tracing.enqueue()
    elsewhere = open_connection()
    # The engine's sessions hold no lock for that long: the server would end them.
    elsewhere.cursor().execute("SET idle_in_transaction_session_timeout = 0")
    with elsewhere.get().transaction():
        elsewhere.cursor().execute("SELECT FROM pgjobs_job WHERE id = %s FOR UPDATE", [held.pk])
        with RunningWorker(with_settings(child_environment, HEARTBEAT_INTERVAL=0.5)) as worker:
            row = WorkerProcess.objects.filter(pid=worker.pid)
            statements = transactions()
            later = row.get().heartbeat + timedelta(seconds=3)
            eventually(row.filter(heartbeat__gt=later).exists)
            assert transactions() - statements < 1000
            elsewhere.cursor().execute("ROLLBACK")
            traces.until("ran")


def test_an_idle_worker_is_not_woken_before_the_commit(sit: Sit) -> None:
    idle = sit(1)
    with transaction.atomic():
        Noop.enqueue()
        assert not idle.was_woken()
    eventually(idle.was_woken)
    assert idle_workers() == []


def test_a_rolled_back_enqueue_wakes_no_worker(sit: Sit) -> None:
    idle = sit(1)
    with transaction.atomic():
        Noop.enqueue()
        transaction.set_rollback(True)
    assert not idle.was_woken()
    assert idle_workers() == [1]


def test_an_idle_worker_is_woken_on_a_new_connection(sit: Sit) -> None:
    idle = sit(1)
    for _ in range(3):
        idle.connection.close()
        idle.bell.forget()
        idle.bell.sit_down(1)
        Noop.enqueue()
        eventually(idle.was_woken)
        assert idle_workers() == []


def test_an_enqueue_in_a_rolled_back_savepoint_wakes_no_worker(sit: Sit) -> None:
    sit(1)
    with transaction.atomic():
        with transaction.atomic():
            Noop.enqueue()
            transaction.set_rollback(True)
        Job.objects.count()
    assert idle_workers() == [1]


def test_a_job_after_a_rolled_back_savepoint_wakes_a_worker(sit: Sit) -> None:
    sit(1)
    with transaction.atomic():
        with transaction.atomic():
            Noop.enqueue()
            transaction.set_rollback(True)
        Noop.enqueue()
    assert idle_workers() == []


def test_one_job_wakes_only_the_worker_that_has_waited_longest(sit: Sit) -> None:
    *others, longest = (sit(worker) for worker in (3, 1, 2))
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pgjobs_doorbell SET since = since - interval '1 h' WHERE worker_id = 2"
        )
    Noop.enqueue()
    eventually(longest.was_woken)
    assert not any(idle.was_woken() for idle in others)
    assert idle_workers() == [3, 1]


@pytest.mark.parametrize("jobs", [2, 5])
def test_a_transaction_wakes_no_more_workers_than_it_has_jobs(sit: Sit, jobs: int) -> None:
    for worker in range(4):
        sit(worker)
    with transaction.atomic():
        for _ in range(jobs):
            Noop.enqueue()
    assert len(idle_workers()) == max(4 - jobs, 0)


def test_a_bulk_enqueue_wakes_one_worker_for_each_job(sit: Sit) -> None:
    for worker in range(4):
        sit(worker)
    Noop.enqueue_many({} for _ in range(3))
    assert idle_workers() == [3]


def test_a_job_wakes_only_a_worker_that_serves_its_queue(sit: Sit) -> None:
    sit(1, "low")
    sit(2, "high", "default")
    Noop.enqueue(queue_name="default")
    assert idle_workers() == [1]


def test_a_job_for_later_wakes_no_worker(sit: Sit) -> None:
    sit(1)
    Noop.enqueue(schedule_at=timezone.now() + timedelta(hours=1))
    assert idle_workers() == [1]


def test_two_rings_at_the_same_time_wake_two_workers(
    sit: Sit, open_connection: OpenConnection
) -> None:
    sit(1)
    sit(2)
    rival = open_connection()
    with rival.get().transaction():
        Doorbell(rival, ()).ring(["default"])
        Noop.enqueue()  # neither waits for the rival nor wakes the same worker
        assert idle_workers() == [1]
    assert idle_workers() == []
