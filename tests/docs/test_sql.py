"""Every snippet of docs/sql.md runs, and does as its heading says."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandParser
from django.db import connection
from django.utils import timezone

from pgjobs.choices import JobStatus
from pgjobs.cli.selection import add_filters, selected
from pgjobs.models import Job, JobLogEntry, Pause, Schedule, WorkerOrder, WorkerProcess
from tests.apps.testapp.jobs import Noop
from tests.support.eventually import eventually
from tests.support.markdown import DOCS
from tests.support.moments import ago
from tests.support.rows import a_failure, a_finished_job, a_job, a_site, a_worker, tell_sql
from tests.support.sql import query

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nothing_counted")]

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


def parsed_filters(*words: str) -> Namespace:
    """Return the filters of ``manage.py pgjobs list`` as the command reads them."""
    add_filters(parser := CommandParser())
    return parser.parse_args(words)


def run(title: str, job: Job | None = None, *, number: int = 0) -> list[dict[str, Any]]:
    """Execute the snippet below a heading, as psql would after ``\\set job …``."""
    sql = SNIPPETS[title][number].replace("myplugin.jobs.SyncJob", Noop.path)
    worker = WorkerProcess.objects.last()
    sql = sql.replace(":worker", str(worker.pk if worker else 0))
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


@pytest.mark.django_db(transaction=True)
def test_what_holds_everything_up_is_listed_with_its_session() -> None:
    with closing(psycopg.connect(**connection.get_connection_params())) as other:
        other.execute("CREATE TEMPORARY TABLE anything ()")
        pid = other.info.backend_pid
        row = eventually(
            lambda: [each for each in run("What holds everything up?") if each["pid"] == pid]
        )[0]

    assert (row["kind"], row["keeps_dead_rows"]) == ("idle transaction", True)


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


def test_find_jobs_by_an_argument_finds_the_job_by_the_index() -> None:
    query(
        "INSERT INTO pgjobs_job (job_class, name, queue_name, kwargs) "
        "SELECT 'a', 'a', 'low', jsonb_build_object('invoice', 'INV-' || number) "
        "FROM generate_series(1, 20000) AS number"
    )
    wanted = a_job(kwargs={"invoice": "INV-54321", "full": True})
    assert [row["id"] for row in run("Find jobs by an argument")] == [wanted.pk]

    query("SET CONSTRAINTS ALL IMMEDIATE")
    query(SNIPPETS["Find jobs by an argument"][1].replace(" CONCURRENTLY", ""))
    query("ANALYZE pgjobs_job")
    assert [row["id"] for row in run("Find jobs by an argument")] == [wanted.pk]
    plan = query(f"EXPLAIN {SNIPPETS['Find jobs by an argument'][0]}")
    assert "pgjobs_job_kwargs" in str(plan)
    by_command = selected(Job.objects.all(), vars(parsed_filters("--arg", "invoice=INV-54321")))
    assert list(by_command) == [wanted]
    assert "pgjobs_job_kwargs" in by_command.explain()


def test_the_log_of_a_job_is_listed_in_order() -> None:
    job = a_job("running")
    for message in ("first", "second"):
        JobLogEntry.objects.create(job=job, timestamp=timezone.now(), level="info", message=message)
    assert [row["message"] for row in run("The log of a job", job)] == ["first", "second"]


def test_the_arguments_of_a_job_are_shown_without_hidden_values() -> None:
    job = a_job(kwargs={"invoice": "INV-1", "password": "hunter2"})
    tell_sql()
    (row,) = run("The arguments and the time limit of a job", job)
    assert json.loads(row["arguments"]) == {"invoice": "INV-1", "password": "[redacted]"}
    assert row["time_limit"] == job.time_limit


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


def test_how_many_jobs_end_counts_and_times_the_ends_of_a_class() -> None:
    a_finished_job(), a_finished_job()
    (row,) = run("How many jobs end, and how long do they take?")
    assert (row["job_class"], row["completed"], row["failed"]) == (Noop.path, 2, 0)
    (row,) = run("How many jobs end, and how long do they take?", number=1)
    assert row["jobs"] == 2
    assert row["run_p50"] is not None


def test_which_failures_come_again_and_again_counts_ends_of_a_kind() -> None:
    for _ in range(2):
        a_finished_job(JobStatus.ERRORED)
    (row,) = run("Which failures come again and again?")
    assert (row["jobs"], row["job_class"]) == (2, Noop.path)


def test_ends_by_day_has_a_row_for_each_outcome() -> None:
    a_finished_job(), a_finished_job(JobStatus.FAILED)
    found = run("Ends by day")
    assert [(row["outcome"], row["jobs"]) for row in found] == [("completed", 1), ("failed", 1)]


def test_why_does_this_job_not_run_names_the_first_obstacle() -> None:
    (row,) = run("Why does this job not run?", a_job("failed"))
    assert row["reason"] == "finished"


# Steering ----------------------------------------------------------------------------
# tests/sql/test_steering.py has the promises of the functions.


@pytest.fixture
def known() -> None:
    tell_sql()


def test_cancel_a_job_cancels_it() -> None:
    job = a_job("scheduled")
    assert run("Cancel a job", job) == [{"pgjobs_cancel": 1}]
    job.refresh_from_db()
    assert job.status == "cancelled"


def test_cancel_all_that_wait_cancels_the_waiting_jobs_of_the_class_alone() -> None:
    a_job(), a_job("scheduled")
    others = [a_job("running"), a_job(job_class="another.Class")]
    assert run("Cancel all that wait, of one class") == [{"pgjobs_cancel": 2}]
    assert {job.pk for job in others} == {job.pk for job in Job.objects.live()}


def test_retry_a_finished_job_makes_it_pending() -> None:
    job = a_job("failed")
    assert run("Retry a finished job", job) == [{"pgjobs_retry": 1}]
    job.refresh_from_db()
    assert job.status == "pending"


def test_retry_what_failed_in_the_last_hour_leaves_older_failures() -> None:
    a_job("failed"), a_job("errored")
    old = a_job("failed", started=ago(hours=3), completed=ago(hours=2))
    assert run("Retry what failed in the last hour") == [{"pgjobs_retry": 2}]
    assert Job.objects.finished().get() == old


@pytest.mark.usefixtures("known")
def test_pause_and_resume_pause_a_queue_once_and_resume_it() -> None:
    assert run("Pause and resume") == [{"pgjobs_pause": True}]
    assert [pause.name for pause in Pause.objects.all()] == ["low"]
    assert run("Pause and resume", number=1) == [{"pgjobs_resume": True}]
    assert not Pause.objects.exists()


def test_who_did_what_lists_the_newest_action_first() -> None:
    for status in ("pending", "failed"):
        verb = "cancel" if status == "pending" else "retry"
        query(f"SELECT pgjobs_{verb}({a_job(status).pk})")
    found = run("Who did what?")
    assert [(row["verb"], row["surface"], row["done"]) for row in found] == [
        ("retry", "sql", 1),
        ("cancel", "sql", 1),
    ]


def test_stop_a_bulk_action_stops_no_action_that_does_not_run() -> None:
    assert run("Stop a bulk action") == [{"pgjobs_cancel_action": False}]


@pytest.mark.usefixtures("known")
def test_steer_system_jobs_runs_one_now_and_switches_it_off_and_on() -> None:
    Schedule.objects.create(
        job_class=Noop.path,
        interval=60,
        next_run=timezone.now(),
        kwargs={"full": True},
        queue_name="low",
    )
    assert run("Steer system jobs") == [{"job": Job.objects.get().pk, "is_new": True}]
    assert run("Steer system jobs", number=1) == [{"pgjobs_switch_off": True}]
    assert Schedule.objects.get().switched_off
    assert run("Steer system jobs", number=2) == [{"pgjobs_switch_on": True}]
    assert not Schedule.objects.get().switched_off


def test_steer_workers_orders_a_worker_to_drain_and_to_restart() -> None:
    a_worker(has_session_lock=False)
    assert run("Steer workers") == [{"pgjobs_drain": True}]
    assert run("Steer workers", number=1) == [{"pgjobs_restart": True}]
    assert WorkerOrder.objects.get().kind == "restart"


@pytest.mark.usefixtures("known")
def test_enqueue_a_job_makes_a_job_that_runs() -> None:
    (row,) = run("Enqueue a job")
    job = Job.objects.get(pk=row["pgjobs_enqueue"])
    job.run_here()
    assert (job.status, job.result) == ("completed", {"full": True})


@pytest.mark.usefixtures("known")
def test_enqueue_a_job_for_later_makes_a_scheduled_job() -> None:
    (row,) = run("Enqueue a job", number=1)
    job = Job.objects.get(pk=row["pgjobs_enqueue"])
    assert (job.status, job.queue_name, job.object_id) == ("scheduled", "low", "7")


@pytest.mark.usefixtures("known")
def test_enqueue_a_job_once_makes_one_job() -> None:
    assert run("Enqueue a job", number=2) == run("Enqueue a job", number=2)
    assert Job.objects.get().interval == 60


def test_wake_workers_wakes_an_idle_worker_for_a_job_that_waits() -> None:
    worker = a_worker()
    query("DELETE FROM pgjobs_doorbell")  # a killed worker leaves its registration behind
    query("INSERT INTO pgjobs_doorbell (worker_id, queues) VALUES (%s, '{default}')", worker.pk)
    assert run("Wake workers") == [{"pgjobs_ring": 0}]
    a_job()
    assert run("Wake workers") == [{"pgjobs_ring": 1}]
    assert query("SELECT FROM pgjobs_doorbell") == []


@pytest.mark.usefixtures("known")
def test_enqueue_from_a_trigger_makes_one_job_for_each_changed_object() -> None:
    site = a_site()
    a_site("Malmö")
    run("Enqueue from a trigger")
    for name in ("Ystad", "Åhus"):
        site.name = name
        site.save()
    assert Job.objects.get().object == site


def test_insert_rows_makes_jobs_that_run() -> None:
    run("Insert rows")
    assert Job.objects.count() == 1000
    job = Job.objects.earliest("pk")
    job.run_here()
    assert (job.status, job.result) == ("completed", {"number": 1})
