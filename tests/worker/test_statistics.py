"""Statistics beside living and dying workers, in real transactions."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from pgjobs import events, stats
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.rows import statistics
from pgjobs.rows.end_waiting import end_waiting
from pgjobs.rows.failure import Failure
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from pgjobs.worker.liveness.pruning import Pruning
from tests.apps.testapp.jobs import Noop, Raising
from tests.support.elsewhere import elsewhere
from tests.support.engine import OpenConnection
from tests.support.environment import Environment, with_settings
from tests.support.eventually import eventually
from tests.support.rows import a_job
from tests.support.sql import query
from tests.support.worker_process import NERVOUS, RunningWorker, run_burst


def counted() -> dict[str, int]:
    found: Counter[str] = Counter()
    for total in stats.totals():
        found[total.outcome] += total.jobs
    return dict(found)


def ended() -> dict[str, int]:
    rows = query(
        "SELECT status, count(*) AS jobs FROM pgjobs_job WHERE completed IS NOT NULL GROUP BY 1"
    )
    return {row["status"]: row["jobs"] for row in rows}


def test_after_the_kill_of_a_worker_that_drains_as_many_ends_are_counted_as_jobs_have_ended(
    child_environment: Environment,
) -> None:
    environment = with_settings(child_environment, **NERVOUS)
    Noop.enqueue_many({} for _ in range(4000))
    Raising.enqueue_many({} for _ in range(100))
    with RunningWorker(environment) as victim:
        eventually(lambda: Job.objects.filter(status="completed").exists())
        victim.kill()
    assert counted() == ended()
    run_burst(environment)
    eventually(lambda: not Job.objects.live().exists())

    assert counted() == ended() == {"completed": 4000, "errored": 100}
    (kind,) = stats.failure_kinds()
    assert (kind.jobs, kind.exception) == (100, "builtins.ValueError")
    assert kind.frame == "tests.apps.testapp.jobs.Raising.run"


def count_ends(number: int) -> None:
    """Leave rows in several classes, which mergers write in the same order."""
    query(
        "INSERT INTO pgjobs_ends (job_class, queue, outcome, run_bucket, wait_bucket, jobs) "
        "SELECT 'class ' || n %% 7, 'low', 'completed', n %% 5, n %% 11, 1 "
        "FROM generate_series(1, %s) AS n ORDER BY random()",
        number,
    )


def test_several_mergers_at_once_count_each_end_once(open_connection: OpenConnection) -> None:
    count_ends(4000)
    connections = [open_connection() for _ in range(4)]
    errors: list[Exception] = []

    def merge(one: Any) -> None:
        try:
            while statistics.merge(one.cursor(), limit=100):
                pass
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=merge, args=[one]) for one in connections]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    while statistics.merge(connections[0].cursor(), limit=100):
        pass

    assert errors == []
    assert query("SELECT * FROM pgjobs_ends") == []
    assert counted() == {"completed": 4000}
    rows = query("SELECT period, sum(jobs) AS jobs FROM pgjobs_statistics GROUP BY 1")
    assert {row["period"]: row["jobs"] for row in rows} == dict.fromkeys(
        ("minute", "hour", "day", "total"), 4000
    )
    for total in stats.totals():
        assert sum(total.run_buckets.values()) == sum(total.wait_buckets.values()) == total.jobs


def test_a_batch_ends_within_a_second_while_somebody_locks_the_counts(
    open_connection: OpenConnection,
) -> None:
    jobs = [a_job("running", epoch=1) for _ in range(2)]
    outcomes = [
        Outcome(job_id=job.pk, epoch=1, status=JobStatus.COMPLETED, began=time.monotonic())
        for job in jobs
    ]
    holder, writer = open_connection().get(), open_connection()
    with holder.transaction():
        holder.execute("LOCK TABLE pgjobs_ends")
        began = time.monotonic()
        record(writer.cursor(), outcomes[:1])
        assert time.monotonic() - began < 10
    record(writer.cursor(), outcomes[1:])

    assert ended() == {"completed": 2}
    assert counted() == {"completed": 1}, "the next batch is counted again"


def cancelled_one_by_one() -> None:
    for job in Job.objects.all()[:2]:
        assert job.cancel()


def cancelled_in_bulk() -> None:
    Job.objects.all().cancel()


def cancelled_from_sql() -> None:
    query("SELECT pgjobs_cancel(VARIADIC ARRAY(SELECT id FROM pgjobs_job))")


def cancelled_by_hand() -> None:
    query("UPDATE pgjobs_job SET status = 'cancelled', completed = now()")


def errored_by_a_worker() -> None:
    job = Job.objects.earliest("pk")
    refused = Outcome(
        job_id=job.pk, epoch=0, status=JobStatus.ERRORED, failure=Failure.of(ValueError("no"))
    )
    with connection.cursor() as cursor:
        end_waiting(cursor, refused)


@pytest.mark.parametrize(
    ("end", "ends"),
    [
        (cancelled_one_by_one, {"cancelled": 2}),
        (cancelled_in_bulk, {"cancelled": 100}),
        (cancelled_from_sql, {"cancelled": 100}),
        (cancelled_by_hand, {"cancelled": 100}),
        (errored_by_a_worker, {"errored": 1}),
    ],
)
def test_jobs_end_outside_of_batches_while_somebody_locks_the_counts_and_wait_once_for_all(
    end: Callable[[], None], ends: dict[str, int], open_connection: OpenConnection
) -> None:
    for _ in range(100):
        a_job()
    holder = open_connection().get()
    with holder.transaction():
        holder.execute("LOCK TABLE pgjobs_ends")
        elsewhere(end).result(20)
    assert (ended(), counted()) == (ends, {})

    a_job("failed").retry()
    Job.objects.latest("pk").cancel()
    assert counted() == {"cancelled": 1}, "the next end is counted again"


def on_rounds() -> threading.Event:
    event = threading.Event()
    event.set()
    return event


def test_only_the_worker_that_makes_the_rounds_merges_and_prunes(
    open_connection: OpenConnection,
) -> None:
    count_ends(10)
    makes_rounds = threading.Event()
    pruning = Pruning(open_connection(), makes_rounds)
    pruning.start()
    time.sleep(0.5)
    assert query("SELECT FROM pgjobs_ends")

    makes_rounds.set()
    eventually(lambda: not query("SELECT FROM pgjobs_ends"))
    makes_rounds.clear()
    pruning.stop(10)


def test_the_pruning_thread_merges_and_goes_on_pruning_after_an_error(
    open_connection: OpenConnection, told: Callable[..., Any]
) -> None:
    count_ends(10)
    pruning = Pruning(open_connection(), on_rounds())
    pruning.start()
    eventually(lambda: not query("SELECT FROM pgjobs_ends"))
    pruning.stop(10)
    assert counted() == {"completed": 10}
    connection.cursor().execute("ALTER TABLE pgjobs_statistics RENAME TO away")
    try:
        pruning = Pruning(open_connection(), on_rounds())
        pruning.start()
        eventually(lambda: told(events.StatisticsFailed))
        pruning.stop(10)
    finally:
        connection.cursor().execute("ALTER TABLE away RENAME TO pgjobs_statistics")
    assert not told(events.PruningFailed)
