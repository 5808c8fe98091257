"""The clock in several workers at once, while a worker is paused or killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial

import pytest
from django.db import connection
from django.db.models.functions import Now

from pgjobs.models import Job, Schedule
from tests.support import traces
from tests.support.environment import Environment, with_apps, with_settings
from tests.support.eventually import eventually
from tests.support.worker_process import RunningWorker

MOST_LATE = 5
"""Seconds after its due time in which a system job must have started, whichever worker is away."""


@pytest.fixture
def environment(child_environment: Environment) -> Environment:
    environment = with_apps(child_environment, "clockapp")
    return with_settings(environment, HEARTBEAT_TIMEOUT=120)  # pauses here are shorter


@pytest.fixture
def workers(environment: Environment) -> Iterator[list[RunningWorker]]:
    with ExitStack() as stack:
        workers = [stack.enter_context(RunningWorker(environment)) for _ in range(3)]
        for worker in workers:
            worker.until_started()
        eventually(lambda: has_run(1), timeout=30)
        yield workers


def has_run(times: int) -> bool:
    return Job.objects.filter(status="completed").count() >= times


def meet_due_times(number: int) -> list[float]:
    """Make due times due, wait for the run of each, and return how many seconds late each run
    started."""
    late = []
    for _ in range(number):
        runs = Job.objects.count()
        Schedule.objects.update(next_run=Now())
        due = Schedule.objects.get().next_run
        eventually(partial(has_run, runs + 1), timeout=30)
        started = Job.objects.latest("id").started
        assert started is not None
        late.append((started - due).total_seconds())
    return late


def test_each_due_time_fires_once_and_in_time_while_one_worker_after_the_other_is_paused(
    workers: list[RunningWorker],
) -> None:
    late = meet_due_times(1)
    for worker in workers:  # a single worker keeps the time
        worker.pause()
        late += meet_due_times(1)
        worker.resume()
        late += meet_due_times(1)
    assert Job.objects.count() == 1 + len(late)
    assert traces.labels() == ["tick"] * (1 + len(late))
    assert max(late) < MOST_LATE, late


def test_each_due_time_fires_once_and_in_time_after_the_worker_that_keeps_the_time_is_killed(
    workers: list[RunningWorker],
) -> None:
    late = meet_due_times(1)
    for worker in workers[:2]:
        worker.kill()
        late += meet_due_times(1)
    assert Job.objects.count() == 1 + len(late)
    assert max(late) < MOST_LATE, late


def test_ticks_leave_no_rows_behind_after_a_worker_is_killed(workers: list[RunningWorker]) -> None:
    first = newest_tick()
    workers[0].kill()
    eventually(lambda: newest_tick() >= first + 3, timeout=60)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM procrastinate_jobs), "
            "(SELECT count(*) FROM procrastinate_periodic_defers)"
        )
        jobs, defers = cursor.fetchone()
    assert jobs <= 3  # a running tick, a waiting tick, and the tick of the killed worker
    assert defers <= 2


def newest_tick() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT last_value FROM procrastinate_jobs_id_seq")
        return int(cursor.fetchone()[0])
