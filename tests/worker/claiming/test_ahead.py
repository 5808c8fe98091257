"""Jobs claimed ahead: released after half a second of waiting, or once they are cancelled."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import transaction

from pgjobs.models import Job
from pgjobs.worker.claiming.ahead import LONGEST_WAIT, Ahead
from pgjobs.worker.claiming.claimer import Claimer
from pgjobs.worker.claiming.pace import Pace
from pgjobs.worker.recording.recorder import Recorder
from pgjobs.worker.slots.pool import Pool
from tests.apps.testapp.jobs import Noop, TakesTime
from tests.support.engine import OpenConnection, a_pool
from tests.support.environment import Environment
from tests.support.eventually import eventually
from tests.support.rows import a_worker
from tests.support.worker_process import RunningWorker


class Line:
    """Claimed jobs in line for a pool whose slots are not started."""

    def __init__(self, open_connection: OpenConnection) -> None:
        self.pool: Pool = a_pool([])
        self.connection = open_connection()
        self.claimer = Claimer(self.connection, ("default",))
        self.worker = a_worker().pk
        self.recorder = Recorder(open_connection(), announce=lambda job: None)
        self.ahead = Ahead(self.connection, self.pool, Pace(1), self.recorder)

    def claim(self, count: int, *, waited: float = 0.0) -> list[Job]:
        """Claim new jobs, and put them in line as if they had waited for some seconds."""
        Noop.enqueue_many({} for _ in range(count))
        jobs = self.claimer.claim(limit=count, worker=self.worker)
        self.pool.submit(jobs, since=time.monotonic() - waited)
        return jobs

    def start(self, count: int) -> None:
        """Let a slot take this number of jobs."""
        for _ in range(count):
            assert self.pool.next_job_at_once() is not None

    def end(self) -> dict[int, str]:
        """Write the releases and return the status of each job."""
        self.recorder.start()
        assert self.recorder.stop(10)
        return dict(Job.objects.values_list("pk", "status"))


@pytest.fixture
def line(open_connection: OpenConnection) -> Line:
    return Line(open_connection)


def test_no_job_in_line_waits_for_nothing(line: Line) -> None:
    assert (line.pool.waits_since(), line.ahead.give_back()) == (None, 0)


def test_a_line_waits_since_its_first_job_was_claimed(line: Line) -> None:
    line.claim(2, waited=100)
    line.claim(2, waited=50)
    for started, waited in ((0, 100), (1, 100), (1, 50), (1, 50)):
        line.start(started)
        since = line.pool.waits_since()
        assert since is not None
        assert 0 <= time.monotonic() - since - waited < 5
    line.start(1)
    assert line.pool.waits_since() is None


def test_jobs_that_waited_too_long_are_released_although_others_have_started(line: Line) -> None:
    first, *others = line.claim(3, waited=LONGEST_WAIT)
    line.start(1)
    assert line.ahead.give_back() == 2
    assert line.end() == {first.pk: "running"} | {job.pk: "pending" for job in others}


def test_jobs_that_have_just_been_claimed_stay_in_line(line: Line) -> None:
    line.claim(3)
    line.start(1)
    assert line.ahead.give_back() == 0
    assert line.pool.in_hand == 3


def test_a_job_that_is_cancelled_in_line_ends_without_a_start(line: Line) -> None:
    first, second, third, gone = line.claim(4, waited=LONGEST_WAIT - 0.25)
    Job.objects.get(pk=second.pk).cancel()
    Job.objects.get(pk=gone.pk).delete()
    assert line.ahead.give_back() == 2
    assert [line.pool.next_job_at_once(), line.pool.next_job_at_once()] == [first, third]
    assert line.pool.next_job_at_once() is None
    assert line.end() == {first.pk: "running", second.pk: "cancelled", third.pk: "running"}


def test_jobs_that_stay_in_line_keep_their_age(line: Line) -> None:
    line.claim(2, waited=LONGEST_WAIT - 0.25)
    before = line.pool.waits_since()
    assert line.ahead.give_back() == 0
    assert line.pool.waits_since() == before


def test_jobs_behind_longer_jobs_than_the_pace_had_seen_are_handed_back_while_these_start(
    child_environment: Environment,
) -> None:
    with RunningWorker(child_environment, "-c", "1").until_started():
        Noop.enqueue_many({} for _ in range(200))  # the worker learns that jobs are short
        eventually(lambda: not Job.objects.exclude(status="completed").exists())
        with transaction.atomic():
            jobs: list[Any] = [TakesTime.enqueue(seconds=0.3) for _ in range(12)]
        handed_back = Job.objects.filter(pk__in=[job.pk for job in jobs], status="pending")
        eventually(handed_back.filter(epoch=1).exists)
        Job.objects.all().cancel()
