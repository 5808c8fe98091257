"""pgjobs_why() estimates when a waiting job starts, by the jobs that ended lately."""

from __future__ import annotations

import re

import pytest
from django.db import connection

from pgjobs.models import Job
from pgjobs.rows import statistics
from tests.sql.test_why import a_living_worker, first
from tests.support.moments import ago
from tests.support.rows import a_job
from tests.support.sql import query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_counted")]


def a_second_of_ends(age: float, jobs: float, run: float = 0.001, queue: str = "default") -> None:
    """Count jobs that ended so many seconds ago, of which each ran for ``run`` seconds."""
    query(
        "INSERT INTO pgjobs_ends (ended, job_class, queue, outcome, run_bucket, jobs, run_seconds) "
        "VALUES (statement_timestamp() - make_interval(secs => %s), 'a', %s, 'completed', "
        "pgjobs_bucket(%s), %s, %s)",
        age,
        queue,
        run,
        jobs,
        jobs * run,
    )


def merge() -> None:
    with connection.cursor() as cursor:
        statistics.merge(cursor)


def pace(job: Job) -> float:
    """Return the jobs per second by which the start of the job is estimated."""
    evidence = first(job)[1]
    found = re.search(r"at ([\d.]+) jobs per (second|minute) it starts in about", evidence)
    assert found is not None, evidence
    return float(found[1]) / {"second": 1, "minute": 60}[found[2]]


@pytest.mark.parametrize("is_merged", [True, False], ids=["merged", "unmerged"])
@pytest.mark.parametrize("run", [0.005, 0.5, 7, 25], ids="runs of {} s".format)
@pytest.mark.parametrize("slots", [1, 4])
def test_the_pace_of_a_steady_drain_is_right_to_a_factor_of_two(
    slots: int, run: float, is_merged: bool
) -> None:
    a_living_worker(concurrency=slots)
    step = max(run, 1)
    for number in range(int(150 / step)):
        a_second_of_ends(number * step + 0.01, slots * step / run, run)
    a_second_of_ends(280, 1, run)
    if is_merged:
        merge()
    a_job()

    assert slots / run / 2 <= pace(a_job()) <= slots / run * 2


def test_the_pace_of_a_drain_that_has_just_begun_is_that_of_its_seconds() -> None:
    a_living_worker()
    a_second_of_ends(240, 1)
    for age in range(16):
        a_second_of_ends(age, 100)
    a_job()

    assert 50 <= pace(a_job()) <= 200


def test_ends_of_other_queues_and_of_jobs_that_never_ran_are_no_pace() -> None:
    a_living_worker()
    a_second_of_ends(1, 1000, queue="low")
    a_job()
    Job.objects.all().cancel()
    a_job()

    assert first(a_job()) == (
        "behind",
        "1 job stands before it; no job of these queues has run in the last five minutes.",
    )


def test_the_start_is_estimated_by_the_jobs_before_it_and_the_pace() -> None:
    worker = a_living_worker()
    for _ in range(3):
        a_job("running", worker=worker, started=ago(seconds=2), epoch=1)
    query(
        "UPDATE pgjobs_job SET status = 'completed', completed = statement_timestamp() "
        "WHERE status = 'running'"
    )
    for _ in range(20):
        a_job()

    found = re.fullmatch(
        r"20 jobs stand before it; at ([\d.]+) jobs per (second|minute) "
        r"it starts in about 00:(\d\d):(\d\d)\.",
        first(job := a_job())[1],
    )

    assert found is not None
    assert 60 * int(found[3]) + int(found[4]) == pytest.approx(20 / pace(job), abs=1, rel=0.1)
