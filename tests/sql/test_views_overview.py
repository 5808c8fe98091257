"""The inspection views of queues, failures and schedules, and the cost of the views."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pgjobs.models import Pause, Schedule
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker
from tests.support.sql import plan, query, view

pytestmark = pytest.mark.django_db


def test_a_queue_counts_its_live_jobs_by_status() -> None:
    for status in ("pending", "pending", "scheduled", "running", "completed", "errored"):
        a_job(status)
    (queue,) = query("SELECT * FROM pgjobs_queues")
    assert queue["queue"] == "default"
    assert (queue["pending"], queue["scheduled"], queue["running"]) == (2, 1, 1)


def test_a_queue_is_as_late_as_its_oldest_due_job() -> None:
    oldest = ago(minutes=9)
    a_job(scheduled=ago(minutes=4))
    a_job("scheduled", scheduled=oldest)
    a_job("scheduled")
    (queue,) = query("SELECT * FROM pgjobs_queues")
    assert queue["oldest_waiting"] == oldest
    assert timedelta(minutes=9) <= queue["latency"] < timedelta(minutes=10)


def test_a_queue_without_due_jobs_has_no_latency() -> None:
    a_job("scheduled")
    (queue,) = query("SELECT * FROM pgjobs_queues")
    assert queue["latency"] is None


def test_a_queue_shows_how_many_living_workers_serve_it() -> None:
    a_job(queue_name="high")
    a_job(queue_name="nobody")
    a_worker(has_session_lock=False, queues=["high", "low"])
    a_worker(stopped=timezone.now(), queues=["high", "nobody"])
    found = {row["queue"]: row["workers"] for row in query("SELECT * FROM pgjobs_queues")}
    assert found == {"high": 1, "low": 1, "nobody": 0}


def test_a_queue_says_whether_it_is_paused() -> None:
    a_job(queue_name="high")
    a_job(queue_name="low")
    Pause.objects.pause(queue="low")
    found = {row["queue"]: row["paused"] for row in query("SELECT * FROM pgjobs_queues")}
    assert found == {"high": False, "low": True}


def test_failures_are_grouped_by_class_and_first_line_of_the_error() -> None:
    a_job("errored", error="ValueError: boom\nfirst detail", completed=ago(minutes=9))
    newest = a_job("errored", error="ValueError: boom\nother detail", completed=ago(minutes=3))
    a_job("failed", error="no good")
    a_job("completed")
    found = query("SELECT * FROM pgjobs_failures ORDER BY jobs DESC")
    assert [(row["error"], row["jobs"]) for row in found] == [
        ("ValueError: boom", 2),
        ("no good", 1),
    ]
    assert (found[0]["example_id"], found[0]["last_seen"]) == (newest.pk, newest.completed)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({"interval": 1}, "every minute"),
        ({"interval": 7}, "every 7 minutes"),
        ({"interval": 60}, "every hour"),
        ({"interval": 180}, "every 3 hours"),
        ({"interval": 1440}, "every day"),
        ({"interval": 1441}, "every 1441 minutes"),
        ({"interval": 43200}, "every 30 days"),
        ({"cron": "15 3 * * *"}, "cron 15 3 * * *"),
    ],
)
def test_a_schedule_says_its_rule_in_words(rule: dict[str, Any], words: str) -> None:
    schedule = Schedule.objects.create(job_class="a.B", next_run=timezone.now(), **rule)
    assert view("schedules", schedule.pk)["rule"] == words


def test_a_schedule_whose_due_time_was_missed_is_overdue_unless_it_is_off() -> None:
    missed = {"interval": 5, "next_run": ago(minutes=2)}
    on = Schedule.objects.create(job_class="a.B", **missed)
    off = Schedule.objects.create(job_class="a.C", enabled=False, **missed)
    assert view("schedules", on.pk)["overdue_by"] >= timedelta(minutes=2)
    assert view("schedules", off.pk)["overdue_by"] is None


def test_a_schedule_shows_the_status_of_its_last_job() -> None:
    schedule = Schedule.objects.create(
        job_class="a.B", interval=5, next_run=timezone.now(), last_job=a_job("failed")
    )
    assert view("schedules", schedule.pk)["last_status"] == "failed"


# The views themselves -------------------------------------------------------------------


@pytest.fixture
def many_finished() -> None:
    """200,000 finished jobs with a few failures, and statistics that show them."""
    query(
        """
        INSERT INTO pgjobs_job (status, name, job_class, queue_name, started, completed, error)
        SELECT
            CASE n %% 1000 WHEN 0 THEN 'errored' ELSE 'completed' END,
            'Noop', %s, 'default', now(), now(), ''
        FROM generate_series(1, 200000) AS n
        """,
        Noop.path,
    )
    query("ANALYZE pgjobs_job")


@pytest.mark.usefixtures("many_finished")
@pytest.mark.parametrize(
    "name",
    ["queues", "running", "failures"],
)
def test_a_view_of_live_or_failed_jobs_does_not_read_the_completed_ones(name: str) -> None:
    assert "Seq Scan on pgjobs_job" not in plan(f"SELECT * FROM pgjobs_{name}")
