"""Claims of two workers side by side, and jobs that a floor may overlook for a while."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from pgjobs.models import Job, WorkerProcess
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from pgjobs.worker.claiming.claimer import Claimer
from pgjobs.worker.connection import EngineConnection
from tests.apps.testapp.jobs import Noop
from tests.support.engine import OpenConnection
from tests.support.moments import HOUR
from tests.support.rows import a_worker

IMPATIENT = {"lock_timeout": "'2s'"}
"""A claim that waits for a lock fails instead of hanging."""


@pytest.fixture
def worker() -> int:
    return a_worker().pk


@pytest.fixture
def claimer(open_connection: OpenConnection) -> Claimer:
    return Claimer(open_connection(IMPATIENT), ("high", "default", "low"))


@pytest.fixture
def rival(open_connection: OpenConnection) -> EngineConnection:
    return open_connection(IMPATIENT)


def ids(jobs: list[Job]) -> list[int]:
    return [job.pk for job in jobs]


def test_a_claimed_job_is_running_under_a_new_epoch(claimer: Claimer, worker: int) -> None:
    Noop.enqueue()
    (claimed,) = claimer.claim(limit=1, worker=worker)
    job = Job.objects.get()
    assert (job.status, job.epoch, job.attempt, job.worker_id) == ("running", 1, 1, worker)
    assert (claimed.pk, claimed.epoch, claimed.attempt) == (job.pk, 1, 1)


def test_a_claim_takes_no_more_jobs_than_its_limit(claimer: Claimer, worker: int) -> None:
    Noop.enqueue_many({} for _ in range(5))
    assert len(claimer.claim(limit=2, worker=worker)) == 2
    assert Job.objects.filter(status="running").count() == 2


def test_two_claims_at_the_same_time_take_different_jobs(
    claimer: Claimer, rival: EngineConnection, worker: int
) -> None:
    jobs = Noop.enqueue_many({} for _ in range(5))
    with rival.get().transaction():  # the rival's claim has not committed yet
        theirs = Claimer(rival, ("default",)).claim(limit=3, worker=worker)
        ours = claimer.claim(limit=10, worker=worker)
    assert ids(theirs) == jobs[:3]
    assert ids(ours) == jobs[3:]


def test_a_claim_locks_only_the_jobs_that_it_takes(
    claimer: Claimer, rival: EngineConnection, worker: int
) -> None:
    high, low = Noop.enqueue(queue_name="high"), Noop.enqueue(queue_name="low")
    with rival.get().transaction():
        theirs = Claimer(rival, ("high", "low")).claim(limit=1, worker=worker)
        assert ids(theirs) == [high.pk]
        assert ids(claimer.claim(limit=1, worker=worker)) == [low.pk]


def test_each_job_is_claimed_once_by_racing_claimers(
    open_connection: OpenConnection, worker: int
) -> None:
    jobs = Noop.enqueue_many({} for _ in range(2000))

    def claim_all(connection: EngineConnection) -> list[int]:
        claimer = Claimer(connection, ("default",))
        taken: list[int] = []
        while claimer.look().ready:
            taken += ids(claimer.claim(limit=7, worker=worker))
        return taken

    with ThreadPoolExecutor() as threads:
        taken = list(threads.map(claim_all, [open_connection(IMPATIENT) for _ in range(4)]))
    assert sorted(chain.from_iterable(taken)) == jobs
    assert sum(bool(some) for some in taken) > 1
    assert set(Job.objects.values_list("epoch", flat=True)) == {1}


def test_a_locked_job_is_skipped_and_found_again_by_a_look(
    claimer: Claimer, rival: EngineConnection, worker: int
) -> None:
    locked, free = Noop.enqueue(), Noop.enqueue()
    with rival.get().transaction():
        rival.cursor().execute("SELECT FROM pgjobs_job WHERE id = %s FOR UPDATE", [locked.pk])
        assert ids(claimer.claim(limit=2, worker=worker)) == [free.pk]
    assert claimer.claim(limit=2, worker=worker) == []  # the floor has passed it
    assert claimer.look().ready
    assert ids(claimer.claim(limit=2, worker=worker)) == [locked.pk]


def test_a_foreign_key_check_neither_blocks_nor_hides_a_job(
    claimer: Claimer, rival: EngineConnection, worker: int
) -> None:
    job = Noop.enqueue()
    with rival.get().transaction():
        rival.cursor().execute("SELECT FROM pgjobs_job WHERE id = %s FOR KEY SHARE", [job.pk])
        assert ids(claimer.claim(limit=1, worker=worker)) == [job.pk]


def test_a_lower_position_that_commits_late_is_found_by_the_next_look(
    claimer: Claimer, rival: EngineConnection, worker: int
) -> None:
    with rival.get().transaction():
        rival.cursor().execute(
            "INSERT INTO pgjobs_job (job_class, name, queue_name) VALUES ('a', 'late', 'default')"
        )
        early = Noop.enqueue()
        assert ids(claimer.claim(limit=2, worker=worker)) == [early.pk]
    late = Job.objects.get(name="late")
    assert late.position < Job.objects.get(pk=early.pk).position
    assert claimer.claim(limit=2, worker=worker) == []  # the floor has passed it
    claimer.look()
    assert ids(claimer.claim(limit=2, worker=worker)) == [late.pk]


def test_a_floor_starts_at_the_first_ready_job(claimer: Claimer, worker: int) -> None:
    first, second = Noop.enqueue(), Noop.enqueue()
    Job.objects.filter(pk=first.pk).cancel()
    claimer.look()
    Job.objects.filter(pk=first.pk).update(status="pending", completed=None)
    assert ids(claimer.claim(limit=2, worker=worker)) == [second.pk]


def test_a_released_job_keeps_its_position(
    claimer: Claimer, rival: EngineConnection, worker: int
) -> None:
    Noop.enqueue_many({} for _ in range(4))
    first, *_ = claimer.claim(limit=3, worker=worker)
    record(rival.cursor(), [Outcome.released(first.pk, first.epoch, worker)])
    claimer.look()  # looks at every floor, which a worker does each half a second
    (again,) = claimer.claim(limit=1, worker=worker)
    assert (again.pk, again.position) == (first.pk, first.position)


def test_a_job_promoted_by_another_worker_stands_above_every_floor(
    claimer: Claimer, rival: EngineConnection, worker: int
) -> None:
    later = Noop.enqueue()
    Job.objects.filter(pk=later.pk).update(status="scheduled", scheduled=Now())
    Noop.enqueue_many({} for _ in range(3))
    assert later.pk not in ids(claimer.claim(limit=3, worker=worker))
    Claimer(rival, ("default",)).look()
    assert ids(claimer.claim(limit=3, worker=worker)) == [later.pk]


def test_jobs_are_claimed_by_queue_then_priority_then_position(
    claimer: Claimer, worker: int
) -> None:
    wanted = [
        Noop.enqueue(queue_name=queue, priority=priority)
        for queue in ("high", "default", "low")
        for priority in (5, 5, 0, -5)
    ]
    Job.objects.filter(queue_name="default").update(position=F("position") + 1000)
    claimer.look()
    assert ids(claimer.claim(limit=100, worker=worker)) == ids(wanted)


def test_a_lane_with_a_new_priority_is_found_by_the_next_look(
    claimer: Claimer, worker: int
) -> None:
    ordinary, urgent = Noop.enqueue(), Noop.enqueue(priority=7)
    claimer.look()
    assert ids(claimer.claim(limit=2, worker=worker)) == [urgent.pk, ordinary.pk]


def test_a_look_tells_when_the_next_scheduled_job_is_due(claimer: Claimer) -> None:
    assert claimer.look().due_in is None
    job = Noop.enqueue()
    Job.objects.filter(pk=job.pk).update(status="scheduled", scheduled=Now() + HOUR)
    sight = claimer.look()
    assert not sight.ready
    assert 3590 < (sight.due_in or 0) <= 3600


def test_an_uncommitted_job_is_neither_seen_nor_claimed(claimer: Claimer, worker: int) -> None:
    with transaction.atomic():
        Noop.enqueue()
        assert not claimer.look().ready
        assert claimer.claim(limit=1, worker=worker) == []
    assert len(claimer.claim(limit=1, worker=worker)) == 1


def test_a_worker_that_was_declared_dead_claims_nothing(claimer: Claimer, worker: int) -> None:
    # No other worker would look for the jobs of a row that has ended.
    Noop.enqueue()
    WorkerProcess.objects.filter(pk=worker).update(stopped=Now())
    assert claimer.claim(limit=1, worker=worker) == []


def test_a_due_job_whose_row_is_locked_lets_the_worker_sleep(
    claimer: Claimer, rival: EngineConnection
) -> None:
    job = Noop.enqueue()
    Job.objects.filter(pk=job.pk).update(status="scheduled", scheduled=Now())
    with rival.get().transaction():
        rival.cursor().execute("SELECT FROM pgjobs_job WHERE id = %s FOR UPDATE", [job.pk])
        assert (claimer.look().due_in or 0) >= 0.5
    assert claimer.look().ready
