"""`pgjobs.stats`: each dataclass fits its view, so that no column goes missing unseen."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta

import pytest
from django.db import OperationalError, transaction

from pgjobs import stats
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker
from tests.support.sql import query

pytestmark = pytest.mark.django_db

VIEWS = {
    stats.QueueRow: "pgjobs_queues",
    stats.WorkerRow: "pgjobs_workers",
    stats.ScheduleRow: "pgjobs_schedules",
    stats.FailureKind: "pgjobs_failures",
    stats.JobRow: "pgjobs_jobs",
    stats.RunningRow: "pgjobs_running",
    stats.Blocker: "pgjobs_blockers",
    stats.Throughput: "pgjobs_throughput",
    stats.Latency: "pgjobs_latency",
    stats.FailureFingerprint: "pgjobs_failure_kinds",
}


@pytest.mark.parametrize("kind", VIEWS, ids=lambda kind: kind.__name__)
def test_a_dataclass_has_the_columns_of_its_view(kind: type) -> None:
    columns = query(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0",
        VIEWS[kind],
    )

    assert {field.name for field in fields(kind)} == {row["attname"] for row in columns}


def test_the_rows_are_those_of_the_views() -> None:
    job, worker = a_job("failed", error="ValueError: boom"), a_worker(has_session_lock=False)
    a_job(queue_name="low")

    assert [row.queue for row in stats.queues()] == ["low", "default", "high"]
    assert [row.id for row in stats.workers()] == [worker.pk]
    assert [row.id for row in stats.jobs([job.pk, 4711])] == [job.pk]
    assert [row.error for row in stats.failures()] == ["ValueError: boom"]
    assert stats.schedules() == []
    assert [row.reason for row in stats.why(job.pk)] == ["finished"]


def test_the_backlog_of_a_short_queue_is_that_of_the_view() -> None:
    worker = a_worker(has_session_lock=False)
    for number in range(7):
        a_job(priority=number % 3, created=ago(minutes=number + 1), queue_name="low")
    a_job("scheduled")
    a_job("scheduled", scheduled=ago(seconds=30))
    a_job("running", worker=worker)

    about = {row.queue: row for row in stats.backlog(10)}

    assert about.keys() == {"default", "low"}
    for queue in stats.queues():
        if queue.queue in about:
            row = about[queue.queue]
            assert (row.pending, row.scheduled, row.running) == (
                queue.pending,
                queue.scheduled,
                queue.running,
            )
            assert row.oldest_wait is not None
            assert queue.latency is not None
            assert abs(row.oldest_wait - queue.latency) < timedelta(minutes=7)


def test_a_long_lane_of_the_backlog_is_estimated_beside_short_ones() -> None:
    for number in range(60):
        a_job(priority=number % 2, queue_name=("low", "default", "high")[number % 3])

    (default, high, low) = stats.backlog(5)

    assert {row.pending for row in (default, high, low)} == {20}


def test_jobs_of_classes_that_do_not_count_are_not_in_the_backlog() -> None:
    for status in ("pending", "scheduled", "running"):
        a_job(status, job_class="other")
        a_job(status, job_class="other", queue_name="low")
        a_job(status)

    (row,) = stats.backlog(10, without=["other"])

    assert (row.queue, row.pending, row.scheduled, row.running) == ("default", 1, 1, 1)


def test_running_jobs_are_those_that_hold_the_text_the_longest_first() -> None:
    worker = a_worker(name="Web-1")
    long = a_job("running", started=ago(hours=1), worker=worker)
    short = a_job("running", queue_name="low")
    a_job()

    assert [row.id for row in stats.running()] == [long.pk, short.pk]
    assert [row.id for row in stats.running(limit=1)] == [long.pk]
    assert [row.id for row in stats.running(text="WEB")] == [long.pk]
    assert [row.id for row in stats.running(text="low")] == [short.pk]
    assert stats.running(text="%") == []


def test_ends_are_counted_since_a_moment_and_none_without_one() -> None:
    for status in ("completed", "errored", "failed", "cancelled"):
        a_job(status)
    a_job("completed", completed=ago(hours=1), started=ago(hours=2))

    ended = stats.ended_since(ago(minutes=5))

    assert (ended.ended, ended.unsuccessful) == (4, 2)
    assert stats.ended_since(ended.now).ended == stats.ended_since(None).ended == 0


def test_a_statement_ends_when_the_patience_does() -> None:
    def sleep() -> None:
        with transaction.atomic():
            stats.be_patient_for(0.01)
            query("SELECT pg_sleep(5)")

    with pytest.raises(OperationalError, match="statement timeout"):
        sleep()
