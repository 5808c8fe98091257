"""Each end of a job is counted once, by any statement that makes it; no other change counts."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from pgjobs import stats
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.rows import statistics
from pgjobs.rows.end_waiting import end_waiting
from pgjobs.rows.failure import Failure
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from tests.apps.testapp.jobs import Noop
from tests.support.rows import a_finished_job, a_job, a_worker
from tests.support.sql import plan, query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_counted")]


def counted() -> dict[str, int]:
    """Return the ends by outcome, merged or not."""
    found: Counter[str] = Counter()
    for total in stats.totals():
        found[total.outcome] += total.jobs
    return dict(found)


def merge_all() -> None:
    with connection.cursor() as cursor:
        while statistics.merge(cursor):
            pass


def running(**columns: Any) -> Job:
    return a_job("running", epoch=1, attempt=1, **columns)


def outcome(job: Job, status: JobStatus = JobStatus.COMPLETED, **details: Any) -> Outcome:
    now = time.monotonic()
    values = {"began": now - 2, "ended": now - 1, **details}
    return Outcome(job_id=job.pk, epoch=job.epoch, status=status, **values)


def write(*outcomes: Outcome) -> None:
    with connection.cursor() as cursor:
        record(cursor, outcomes)


# The ways to end -----------------------------------------------------------------------


def completed_in_a_batch() -> None:
    write(*(outcome(running()) for _ in range(3)))


def ended_in_a_mixed_batch() -> None:
    write(
        outcome(running()),
        outcome(running(interval=5)),
        outcome(running(), JobStatus.ERRORED, failure=Failure.of(ValueError("boom"))),
        outcome(running(), JobStatus.FAILED),
        outcome(running(), JobStatus.SCHEDULED, delay=timedelta(seconds=5)),
        Outcome.released(running().pk, 1),
    )


def cancelled_in_place_of_another_attempt() -> None:
    job = running(cancel_requested=timezone.now())
    write(outcome(job, JobStatus.SCHEDULED, delay=timedelta(seconds=5)))


def run_at_once() -> None:
    Noop.enqueue(immediate=True)
    job = Noop.enqueue()
    job.start()
    job.terminate()


def ended_without_a_claim() -> None:
    job = a_job()
    refused = Outcome(
        job_id=job.pk,
        epoch=0,
        status=JobStatus.ERRORED,
        error="refused",
        failure=Failure.of(ValueError("boom")),
    )
    with connection.cursor() as cursor:
        end_waiting(cursor, refused)


def cancelled_in_bulk() -> None:
    a_job(), a_job("scheduled"), running()
    Job.objects.all().cancel()


def cancelled_from_sql() -> None:
    query("SELECT pgjobs_cancel(%s, %s)", a_job().pk, a_job("scheduled").pk)


def written_by_hand() -> None:
    """As an older release does it, which knows no statistics."""
    running(), running(), a_job()
    query("UPDATE pgjobs_job SET status = 'completed', completed = now() WHERE status = 'running'")


def ended_again_after_a_retry() -> None:
    job = a_finished_job(JobStatus.FAILED)
    job.retry()
    query("SELECT pgjobs_cancel(%s)", job.pk)


WAYS: dict[Callable[[], None], dict[str, int]] = {
    completed_in_a_batch: {"completed": 3},
    ended_in_a_mixed_batch: {"completed": 2, "errored": 1, "failed": 1},
    cancelled_in_place_of_another_attempt: {"cancelled": 1},
    run_at_once: {"completed": 2},
    ended_without_a_claim: {"errored": 1},
    cancelled_in_bulk: {"cancelled": 2},
    cancelled_from_sql: {"cancelled": 2},
    written_by_hand: {"completed": 2},
    ended_again_after_a_retry: {"failed": 1, "cancelled": 1},
}


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_an_end_is_counted_once_by_its_outcome(way: Callable[[], None]) -> None:
    way()

    assert counted() == WAYS[way]
    merge_all()
    assert counted() == WAYS[way], "merging changes no sum"


def test_a_change_that_ends_no_job_is_not_counted() -> None:
    finished = a_job("completed")
    Job.objects.filter(pk=finished.pk).update(meta={"a": 1}, status="failed")
    job = running()
    write(outcome(job))
    write(outcome(job))  # stale
    Job.objects.all().delete()

    assert counted() == {"completed": 1}


def test_a_row_that_a_trigger_keeps_as_it_was_is_not_counted() -> None:
    kept, other = running(name="kept"), running()
    query(
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'; "
        "CREATE TRIGGER keep BEFORE UPDATE ON pgjobs_job FOR EACH ROW "
        "WHEN (OLD.name = 'kept') EXECUTE FUNCTION keep()"
    )

    with pytest.raises(Exception, match="nothing was changed"):
        write(outcome(kept), outcome(other))

    assert counted() == {"completed": 1}


def test_a_job_that_a_trigger_ends_in_the_middle_of_a_batch_is_counted_too() -> None:
    job, other = running(), a_job(name="the other")
    query(
        "CREATE FUNCTION cancel_other() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "UPDATE pgjobs_job SET status = 'cancelled', completed = now() "
        "WHERE name = 'the other' AND status = 'pending'; RETURN NEW; END $$; "
        "CREATE TRIGGER cancel_other BEFORE UPDATE ON pgjobs_job FOR EACH ROW "
        "WHEN (NEW.status = 'completed') EXECUTE FUNCTION cancel_other()"
    )

    write(outcome(job))
    other.refresh_from_db()

    assert other.status == "cancelled"
    assert counted() == {"completed": 1, "cancelled": 1}


def test_a_batch_that_is_rolled_back_is_not_counted_and_the_next_end_is() -> None:
    job = running()
    with transaction.atomic():
        write(outcome(job))
        transaction.set_rollback(True)
    query("UPDATE pgjobs_job SET status = 'completed', completed = now()")

    assert counted() == {"completed": 1}


# Faults --------------------------------------------------------------------------------


def test_a_job_ends_although_a_trigger_refuses_its_count() -> None:
    query(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RAISE EXCEPTION ''no statistics''; END'; "
        "CREATE TRIGGER refuse BEFORE INSERT ON pgjobs_ends FOR EACH ROW EXECUTE FUNCTION refuse()"
    )
    job = running()

    write(outcome(job))

    job.refresh_from_db()
    assert (job.status, counted()) == ("completed", {})


def test_jobs_end_beside_a_schema_without_statistics() -> None:
    call_command("migrate", "pgjobs", "0012", verbosity=0)
    jobs = [running(), running(interval=5)]

    write(*map(outcome, jobs))
    Noop.enqueue(immediate=True)

    assert Job.objects.filter(status="completed").count() == 3


def test_a_role_without_a_right_on_the_statistics_ends_jobs_and_they_are_counted() -> None:
    plain, recurring, waiting = running(), running(interval=5), a_job()
    query(
        "CREATE ROLE an_older_grant; "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON pgjobs_job, pgjobs_log TO an_older_grant; "
        "GRANT SELECT ON auth_user, django_content_type TO an_older_grant; "
        "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO an_older_grant"
    )
    with transaction.atomic():
        query("SET LOCAL ROLE an_older_grant")
        write(outcome(plain))
        write(outcome(recurring))
        query(
            "UPDATE pgjobs_job SET status = 'cancelled', completed = now() WHERE id = %s",
            waiting.pk,
        )
        query("RESET ROLE")

    assert counted() == {"completed": 2, "cancelled": 1}


# Times -----------------------------------------------------------------------------------


def exact(values: Sequence[float], share: float) -> float:
    return sorted(values)[max(0, -int(-share * len(values) // 1) - 1)]


DISTRIBUTIONS: dict[str, Callable[[random.Random], float]] = {
    "all alike": lambda chance: 0.25,
    "even": lambda chance: chance.uniform(0.001, 10),
    "long tail": lambda chance: chance.lognormvariate(-3, 2),
    "two peaks": lambda chance: chance.choice([0.0001, 0.0002, 30.0, 31.0]),
    "below a millisecond": lambda chance: chance.uniform(0.00001, 0.0009),
}


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_percentiles_are_within_5_percent_of_the_exact_ones(name: str) -> None:
    chance = random.Random(15)
    times = [DISTRIBUTIONS[name](chance) for _ in range(2000)]
    ids = query(
        "INSERT INTO pgjobs_job (job_class, name, queue_name, status, started, epoch) "
        "SELECT 'a', 'a', 'low', 'running', now(), 1 FROM generate_series(1, 2000) RETURNING id"
    )
    now = time.monotonic()
    ends = [
        Outcome(
            job_id=row["id"],
            epoch=1,
            status=JobStatus.COMPLETED,
            began=now - took,
            ended=now,
        )
        for row, took in zip(ids, times, strict=True)
    ]
    for first in range(0, 2000, 500):
        write(*ends[first : first + 500])
        if first == 500:
            merge_all()

    # The worker sends ages to the microsecond.
    (row,) = stats.latency("hour")
    for found, share in ((row.run_p50, 0.5), (row.run_p95, 0.95), (row.run_p99, 0.99)):
        assert found is not None
        assert found.total_seconds() == pytest.approx(exact(times, share), rel=0.05, abs=1.5e-6)
    assert row.jobs == 2000


def test_a_wait_counts_from_the_moment_at_which_the_job_was_due() -> None:
    moment = timezone.now()
    job = running(created=moment - timedelta(hours=1), scheduled=moment - timedelta(seconds=100))

    write(outcome(job))  # began two seconds ago

    (row,) = stats.latency()
    assert row.wait_p50 is not None
    assert row.wait_p50.total_seconds() == pytest.approx(98, rel=0.06)
    assert row.run_p50 is not None
    assert row.run_p50.total_seconds() == pytest.approx(1, rel=0.06)


def test_a_job_that_never_ran_has_neither_a_run_time_nor_a_wait() -> None:
    a_job()
    Job.objects.all().cancel()

    (row,) = stats.ended(timezone.now() - timedelta(minutes=5))
    assert (row.cancelled, row.run_p50, row.wait_p50) == (1, None, None)


# Merging and keeping ------------------------------------------------------------------------


def test_the_views_say_the_same_before_and_after_merging() -> None:
    def seen() -> list[Any]:
        hour_ago = timezone.now() - timedelta(hours=1)
        return [
            *(stats.throughput(span) for span in ("hour", "day", "week")),
            *(stats.latency(span) for span in ("hour", "day", "week")),
            stats.ended(hour_ago),
            stats.ended(hour_ago, ["time", "queue"]),
            stats.failure_kinds(),
            stats.totals(),
        ]

    ended_in_a_mixed_batch()
    before = seen()
    merge_all()

    assert seen() == before
    assert all(before)
    ended_in_a_mixed_batch()
    (kind, _) = sorted(stats.failure_kinds(), key=lambda kind: kind.exception, reverse=True)
    assert (kind.jobs, kind.exception) == (2, "builtins.ValueError")
    merge_all()
    assert stats.totals()[0].jobs == 2 * before[-1][0].jobs


def test_old_periods_go_after_their_retention_and_totals_stay(settings: Any) -> None:
    settings.PGJOBS = {"STATISTICS_MINUTES": 1, "STATISTICS_HOURS": 8, "STATISTICS_DAYS": 30}
    completed_in_a_batch()
    merge_all()
    periods = "SELECT period FROM pgjobs_statistics ORDER BY period"

    def left_after(days: int) -> list[str]:
        query(
            "UPDATE pgjobs_statistics SET start = now() - make_interval(days => %s) "
            "WHERE period <> 'total'",
            days,
        )
        with connection.cursor() as cursor:
            statistics.forget(cursor)
        return [row["period"] for row in query(periods)]

    assert left_after(0) == ["day", "hour", "minute", "total"]
    assert left_after(2) == ["day", "hour", "total"]
    assert left_after(9) == ["day", "total"]
    assert counted() == {"completed": 3}
    left_after(31)
    assert left_after(31) == []


def test_only_the_newest_kinds_of_failure_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "MOST_FAILURE_KINDS", 2)
    query(
        "INSERT INTO pgjobs_failure_statistics "
        "SELECT 'a', 'e' || n, '', 1, now(), now() - n * interval '1 h', n "
        "FROM generate_series(1, 5) AS n"
    )
    with connection.cursor() as cursor:
        statistics.forget(cursor)

    assert [kind.exception for kind in stats.failure_kinds()] == ["e1", "e2"]


def test_the_trigger_costs_a_bulk_cancellation_little() -> None:
    query(
        "INSERT INTO pgjobs_job (job_class, name, queue_name) "
        "SELECT 'a', 'a', 'low' FROM generate_series(1, 10000)"
    )
    query("SET CONSTRAINTS ALL IMMEDIATE")
    began = time.monotonic()
    Job.objects.all().cancel()

    assert counted() == {"cancelled": 10_000}
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("view", ["ended", "throughput", "latency", "failure_kinds"])
def test_no_view_of_statistics_reads_the_jobs(view: str) -> None:
    assert "pgjobs_job" not in plan(f"SELECT * FROM pgjobs_{view}")


# The verb ------------------------------------------------------------------------------------


def said(*words: str) -> str:
    call_command("pgjobs", "stats", *words, stdout=(out := StringIO()))
    return out.getvalue()


def test_the_verb_counts_by_the_columns_that_are_asked_for() -> None:
    a_worker()
    ended_in_a_mixed_batch()

    head, row = said().splitlines()
    assert head.split()[:4] == ["job", "class", "queue", "completed"]
    assert row.split()[:3] == [Noop.path, "default", "2"]
    assert said("--by", "queue").split()[0] == "queue"
    assert "ValueError" in said("--by", "failure", "--since", "2d")
    assert '"completed": 2' in said("--json", "--since", "1w")
