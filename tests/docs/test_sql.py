"""Every snippet of docs/sql.md runs, and does as its heading says."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry, Pause
from tests.apps.testapp.jobs import Noop
from tests.support.markdown import DOCS
from tests.support.moments import ago
from tests.support.rows import a_failure, a_job, a_worker
from tests.support.sql import query

pytestmark = pytest.mark.django_db

PAGE = DOCS / "sql.md"
_SNIPPET = re.compile(r"^### (?P<title>.+?)$|^```sql\n(?P<sql>.+?)^```$", re.M | re.S)


def read_snippets() -> dict[str, list[str]]:
    """Return the page's SQL by heading."""
    snippets: dict[str, list[str]] = {}
    for found in _SNIPPET.finditer(PAGE.read_text()):
        if title := found["title"]:
            latest = snippets.setdefault(title, [])
        else:
            latest.append(found["sql"])
    return snippets


SNIPPETS = read_snippets()


def run(title: str, job: Job | None = None, *, number: int = 0) -> list[dict[str, Any]]:
    """Execute the snippet below a heading, as psql would after ``\\set job …``."""
    sql = SNIPPETS[title][number].replace("myplugin.jobs.SyncJob", Noop.path)
    return query(sql.replace(":job", str(job.pk if job else 0)))


@pytest.mark.parametrize("title", SNIPPETS)
def test_every_snippet_of_the_page_is_executed_by_a_test(title: str) -> None:
    assert SNIPPETS[title]
    assert f'run("{title}"' in Path(__file__).read_text()


# Looking -----------------------------------------------------------------------------


def test_what_runs_lists_a_running_job_with_its_worker() -> None:
    job = a_job("running", worker=a_worker(has_session_lock=False))
    (row,) = run("What runs?")
    assert (row["id"], row["worker"], row["alive"]) == (job.pk, "worker-1", True)


def test_what_is_late_lists_the_late_job_alone() -> None:
    late = a_job(scheduled=ago(minutes=5))
    a_job()
    a_job("completed")
    assert [row["id"] for row in run("What is late?")] == [late.pk]


def test_how_are_the_queues_lists_the_latest_queue_first() -> None:
    a_job(queue_name="low")
    a_job(queue_name="high", scheduled=ago(minutes=5))
    assert [row["queue"] for row in run("How are the queues?")] == ["high", "low"]


def test_which_queue_grows_counts_arrivals_and_departures_of_each_queue() -> None:
    for _ in range(3):
        a_job(queue_name="high")
    a_job("completed", queue_name="low", created=ago(hours=2))
    a_job("completed", queue_name="low")
    found = {row["queue"]: row for row in run("Which queue grows?")}
    assert (found["high"]["came_in"], found["high"]["went_out"]) == (3, 0)
    assert (found["low"]["came_in"], found["low"]["went_out"]) == (1, 2)
    assert next(iter(found)) == "high"


def test_what_failed_and_why_shows_the_error_with_an_example() -> None:
    job = a_job("errored", error="ValueError: boom")
    (row,) = run("What failed, and why?")
    assert (row["jobs"], row["error"], row["example_id"]) == (1, "ValueError: boom", job.pk)


def test_the_log_of_a_job_is_listed_in_order() -> None:
    job = a_job("running")
    for message in ("first", "second"):
        JobLogEntry.objects.create(job=job, timestamp=timezone.now(), level="info", message=message)
    assert [row["message"] for row in run("The log of a job", job)] == ["first", "second"]


def test_the_tracebacks_of_a_job_are_listed_by_attempt() -> None:
    job = a_job("completed", errors=[a_failure(attempt=1), a_failure(attempt=2)])
    found = run("The tracebacks of a job", job)
    assert [row["attempt"] for row in found] == ["1", "2"]
    assert "ValueError: boom" in found[0]["traceback"]


def test_who_is_alive_lists_the_living_worker_alone() -> None:
    worker = a_worker(has_session_lock=False)
    a_worker(stopped=timezone.now())
    assert [(row["id"], row["state"]) for row in run("Who is alive?")] == [(worker.pk, "alive")]


def test_do_the_system_jobs_run_lists_the_overdue_schedule_first() -> None:
    query(
        "INSERT INTO pgjobs_schedule (job_class, interval, cron, next_run, enabled) "
        "VALUES ('fine', 5, '', now(), true), ('late', 5, '', now() - interval '1 hour', true)"
    )
    found = run("Do the system jobs run?")
    assert [(row["job_class"], row["overdue_by"] is None) for row in found] == [
        ("late", False),
        ("fine", True),
    ]


def test_why_does_this_job_not_run_names_the_first_obstacle() -> None:
    def because(job: Job) -> str:
        (row,) = run("Why does this job not run?", job)
        return str(row["because"])

    first, second = a_job(), a_job()
    assert because(a_job("running")).startswith("It runs")
    assert because(a_job("failed")) == "It has finished: failed"
    assert because(a_job("scheduled")).startswith("It is not due before")
    assert because(first) == "No living worker serves its queue, default"
    worker = a_worker(has_session_lock=False, concurrency=1)
    Pause.objects.pause(queue="default")
    assert because(second) == "Paused: queue default"
    Pause.objects.resume(queue="default")
    assert because(second) == "1 jobs of its own queue go first"
    assert because(first).startswith("It is due")
    a_job("running", worker=worker)
    assert because(first).startswith("All slots")


def steered(job: Job, *, newest: int) -> dict[str, Any]:
    """Return the values that two jobs steered alike have in common: all but identity and exact
    moments."""
    job.refresh_from_db()
    row = {field.attname: getattr(job, field.attname) for field in Job._meta.concrete_fields}
    row |= {key: bool(value) for key, value in row.items() if isinstance(value, datetime)}
    row["position"] = row["position"] > newest
    return {key: value for key, value in row.items() if key != "id"}


def newest_position() -> int:
    return int(query("SELECT max(position) AS newest FROM pgjobs_job")[0]["newest"])


# Steering ----------------------------------------------------------------------------


def test_cancel_a_waiting_job_cancels_it() -> None:
    job = a_job("scheduled")
    assert run("Cancel a waiting job", job) == [{"id": job.pk}]
    job.refresh_from_db()
    assert job.status == "cancelled"


@pytest.mark.parametrize("status", ["running", "completed", "failed"])
def test_cancel_a_waiting_job_leaves_a_job_that_no_longer_waits(status: str) -> None:
    job = a_job(status)
    assert run("Cancel a waiting job", job) == []
    job.refresh_from_db()
    assert job.status == status


@pytest.mark.parametrize("status", ["pending", "scheduled", "running"])
def test_a_cancel_in_sql_leaves_the_row_as_a_cancel_in_python_does(status: str) -> None:
    columns = {"interval": 60, "successor": {"interval": 5}}
    in_sql, in_python = a_job(status, **columns), a_job(status, **columns)
    newest = newest_position()
    assert len(run("Cancel a job that may be running", in_sql)) == 1
    assert in_python.cancel()
    assert steered(in_sql, newest=newest) == steered(in_python, newest=newest)


def test_cancel_all_that_wait_cancels_the_waiting_jobs_of_the_class_alone() -> None:
    waiting = [a_job(), a_job("scheduled")]
    a_job("running")
    a_job(job_class="another.Class")
    found = run("Cancel all that wait, of one class")
    assert {row["id"] for row in found} == {job.pk for job in waiting}


@pytest.mark.parametrize("status", ["completed", "errored", "failed", "cancelled"])
def test_a_retry_in_sql_leaves_the_row_as_a_retry_in_python_does(status: str) -> None:
    columns: dict[str, Any] = {
        "interval": 60,
        "attempt": 3,
        "interruptions": 2,
        "error": "boom",
        "errors": [a_failure()],
        "progress": {"done": 1, "total": 2, "message": ""},
        "successor": {"interval": 5},
        "created": ago(hours=1),
    }
    in_sql, in_python = a_job(status, **columns), a_job(status, **columns)
    newest = newest_position()
    assert run("Retry a finished job", in_sql) == [{"id": in_sql.pk}]
    assert in_python.retry()
    assert steered(in_sql, newest=newest) == steered(in_python, newest=newest)


def test_a_skipped_run_that_is_retried_in_sql_does_not_recur() -> None:
    job = a_job("scheduled", interval=60)
    assert job.cancel(keep_schedule=True)
    assert run("Retry a finished job", job) == [{"id": job.pk}]
    job.refresh_from_db()
    assert (job.status, job.interval) == ("pending", None)


@pytest.mark.parametrize("status", ["pending", "scheduled", "running"])
def test_retry_a_finished_job_leaves_a_live_job(status: str) -> None:
    assert run("Retry a finished job", a_job(status)) == []


def test_pause_and_resume_pause_a_queue_once_and_resume_it() -> None:
    run("Pause and resume")
    run("Pause and resume")
    assert [pause.name for pause in Pause.objects.all()] == ["low"]
    run("Pause and resume", number=1)
    assert not Pause.objects.exists()


def test_enqueue_a_job_makes_a_job_that_runs() -> None:
    (row,) = run("Enqueue a job")
    job = Job.objects.get(pk=row["id"])
    job.run_here()
    assert (job.status, job.result) == ("completed", {"full": True})


def test_enqueue_a_job_for_later_makes_a_scheduled_job() -> None:
    (row,) = run("Enqueue a job", number=1)
    job = Job.objects.get(pk=row["id"])
    assert (job.status, job.queue_name) == ("scheduled", "low")


def test_the_ring_for_an_enqueued_job_wakes_an_idle_worker_of_its_queue() -> None:
    worker = a_worker()
    query("DELETE FROM pgjobs_doorbell")  # a killed worker leaves its registration behind
    assert run("Enqueue a job", number=2) == [{"pgjobs_ring": 0}]
    query("INSERT INTO pgjobs_doorbell (worker_id, queues) VALUES (%s, '{default}')", worker.pk)
    assert run("Enqueue a job", number=2) == [{"pgjobs_ring": 1}]
    assert query("SELECT FROM pgjobs_doorbell") == []
