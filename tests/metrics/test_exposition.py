"""The text of a scrape, as read by Prometheus' own parsers."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families

from pgjobs import events
from pgjobs.metrics.collector import Collector
from pgjobs.metrics.counters import of_totals
from pgjobs.metrics.families import BOUNDS, FAMILIES, RUN_TIME
from pgjobs.metrics.gauges import of_pauses
from pgjobs.metrics.names import MOST, bounded
from pgjobs.models import Job, Pause, Schedule
from pgjobs.sql import load
from pgjobs.stats import Total
from tests.metrics.exposition import samples, scraped, value
from tests.support.moments import ago
from tests.support.rows import a_finished_job, a_job, a_worker
from tests.support.sql import query
from tests.support.told_events import ToldSoFar

pytestmark = pytest.mark.django_db

EMPTY = Total(
    job_class="app.jobs.Sync",
    queue="default",
    outcome="completed",
    jobs=0,
    run_seconds=0.0,
    wait_seconds=0.0,
    run_buckets={},
    wait_buckets={},
)


# Gauges -----------------------------------------------------------------------------------


def test_the_jobs_of_a_queue_are_told_by_status() -> None:
    a_job()
    a_job()
    a_job("scheduled")
    a_job("running", worker=a_worker(has_session_lock=False))
    a_job("completed")
    found = samples()

    def jobs(queue: str) -> list[float]:
        return [
            found["pgjobs_jobs", (("queue", queue), ("status", status))]
            for status in ("pending", "scheduled", "running")
        ]

    assert jobs("default") == [2, 1, 1]
    assert jobs("high") == [0, 0, 0]


@pytest.mark.parametrize("jobs", [99, 300])
def test_a_long_backlog_is_estimated(jobs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pgjobs.metrics.reading._MOST_JOBS", 100)
    query(
        "INSERT INTO pgjobs_job (job_class, name, queue_name, priority) "
        "SELECT 'a', 'a', CASE WHEN n %% 4 = 0 THEN 'low' ELSE 'default' END, n %% 2 "
        "FROM generate_series(1, %s) AS n",
        jobs * 4 // 3,
    )

    found = value("pgjobs_jobs", queue="default", status="pending")

    assert found == pytest.approx(jobs, rel=0.05)


def test_the_oldest_wait_is_that_of_the_first_job_of_any_lane() -> None:
    a_job(created=ago(minutes=1), priority=5)
    a_job(created=ago(minutes=9))
    a_job(created=ago(minutes=2))
    a_job(queue_name="low", created=ago(minutes=3))
    a_job("scheduled", queue_name="low", scheduled=ago(minutes=4), created=ago(hours=1))
    a_job("scheduled", queue_name="high")

    name = "pgjobs_queue_oldest_wait_seconds"
    assert value(name, queue="default") == pytest.approx(540, abs=10)
    assert value(name, queue="low") == pytest.approx(240, abs=10)
    assert value(name, queue="high") == 0


def test_workers_are_told_by_state_and_with_the_slots_of_the_living_ones() -> None:
    busy = a_worker(has_session_lock=False, queues=["default", "low"])
    a_worker(has_session_lock=False, draining=True, concurrency=3)
    a_worker(has_session_lock=False, heartbeat=ago(minutes=1), concurrency=100)
    a_worker(stopped=timezone.now(), concurrency=100)
    a_job("running", worker=busy)

    states = {
        state: value("pgjobs_workers", state=state)
        for state in ("alive", "draining", "silent", "dead")
    }

    assert states == {"alive": 1, "draining": 1, "silent": 1, "dead": 0}
    assert value("pgjobs_worker_slots") == 7
    assert value("pgjobs_claimed_jobs") == 1
    assert value("pgjobs_queue_workers", queue="low") == 2
    assert value("pgjobs_queue_workers", queue="high") == 1


def test_what_is_paused_has_a_1_and_all_else_is_absent() -> None:
    Pause.objects.pause(queue="low")
    Pause.objects.pause(job_class="tests.apps.testapp.jobs.Noop")

    assert value("pgjobs_queue_paused", queue="low") == 1
    assert value("pgjobs_queue_paused", queue="default") is None
    assert value("pgjobs_job_class_paused", job_class="tests.apps.testapp.jobs.Noop") == 1


def test_system_jobs_are_told_by_state() -> None:
    for number, (enabled, moment) in enumerate(
        [(True, ago(hours=-1)), (True, ago(minutes=2)), (False, ago(minutes=2))]
    ):
        Schedule.objects.create(
            job_class=f"app.jobs.S{number}", interval=5, next_run=moment, enabled=enabled
        )

    for state in ("on_time", "late", "off"):
        assert value("pgjobs_schedules", state=state) == 1


# Counters and histograms ------------------------------------------------------------------


def test_ends_are_counted_by_class_queue_and_outcome_and_outlive_the_jobs() -> None:
    job = a_finished_job()
    Job.objects.all().delete()
    labels = {"queue": job.queue_name, "job_class": job.job_class}

    assert value("pgjobs_jobs_finished_total", outcome="completed", **labels) == 1
    assert value("pgjobs_jobs_finished_total", outcome="errored", **labels) == 0


def test_run_times_and_waits_are_cumulative_histograms() -> None:
    a_job("running", started=ago(seconds=40), created=ago(seconds=100))
    a_job("running", started=ago(seconds=0.2), created=ago(seconds=200))
    query("UPDATE pgjobs_job SET status = 'completed', completed = clock_timestamp()")
    found = samples()

    def up_to(bound: str) -> float:
        labels = (("job_class", "tests.apps.testapp.jobs.Noop"), ("le", bound))
        return found["pgjobs_job_run_seconds_bucket", labels]

    assert [up_to(bound) for bound in ("0.1", "1.0", "10.0", "60.0", "+Inf")] == [0, 1, 1, 2, 2]
    assert value("pgjobs_job_wait_seconds_count", queue="default") == 2
    total = value("pgjobs_job_wait_seconds_sum", queue="default")
    assert total == pytest.approx(60 + 200, abs=5)


def test_failures_are_counted_by_class_and_exception() -> None:
    failure = '[{"exception": "builtins.ValueError", "frame": "app.jobs.run"}]'
    a_job("running")
    query(
        "UPDATE pgjobs_job SET status = 'errored', completed = clock_timestamp(), errors = %s",
        failure,
    )
    labels = {"job_class": "tests.apps.testapp.jobs.Noop", "exception": "builtins.ValueError"}
    assert value("pgjobs_failures_total", **labels) == 1


# Bounds -----------------------------------------------------------------------------------


def test_job_classes_beyond_a_hundred_are_told_together() -> None:
    names = [f"app.jobs.C{number:03}" for number in range(MOST + 7)]
    totals = [Total(**{**_fields(EMPTY), "job_class": name, "jobs": 2}) for name in names]

    finished, _, _ = of_totals(totals)

    assert len(finished.numbers) == (MOST + 1) * 4
    assert finished.numbers["default", "other", "completed"] == 14
    assert finished.numbers["default", names[0], "completed"] == 2


def test_a_name_keeps_its_series_when_later_names_come() -> None:
    names = [f"C{number:03}" for number in range(MOST)]

    assert bounded([*names, "D"])("C000") == "C000"
    assert bounded([*names, "D"])("D") == "other"


def test_a_run_time_within_a_bucket_of_the_statistics_counts_up_to_the_next_bound() -> None:
    total = Total(**{**_fields(EMPTY), "run_buckets": {-145: 1, 0: 1, 200: 1}, "jobs": 3})

    _, runs, _ = of_totals([total])

    histogram = runs.histograms["app.jobs.Sync",]
    assert runs.family == RUN_TIME
    assert histogram.up_to[0] == 1
    assert histogram.up_to[BOUNDS.index(1.0)] == 2
    assert (histogram.up_to[-1], histogram.count) == (2, 3)


def test_many_paused_classes_are_told_together() -> None:
    pauses = [("job_class", f"C{number:03}") for number in range(MOST + 5)]

    _, classes = of_pauses(pauses)

    assert len(classes.numbers) == MOST + 1


# The format -------------------------------------------------------------------------------


def test_every_metric_is_there_with_its_type_and_a_help_text() -> None:
    found = {
        family.name: (family.type, family.documentation)
        for family in text_string_to_metric_families(scraped().content.decode())
    }

    assert found == {family.name: (family.kind, family.text) for family in FAMILIES}


def test_names_follow_the_conventions() -> None:
    for family in FAMILIES:
        assert family.name.startswith("pgjobs_")
        assert not family.name.endswith(("_total", "_count", "_sum", "_bucket", "_milliseconds"))
        assert family.kind != "histogram" or family.name.endswith("_seconds")
        assert family.text.endswith(".")


def test_a_scraper_that_asks_for_openmetrics_gets_it() -> None:
    a_finished_job()

    response = scraped(accept="application/openmetrics-text;version=1.0.0,text/plain;q=0.5")

    assert response.headers["Content-Type"].startswith("application/openmetrics-text")
    text = response.content.decode()
    families = openmetrics.text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    assert {family.name for family in families} == {family.name for family in FAMILIES}


def test_labels_of_any_text_are_escaped() -> None:
    a_job(job_class='app."jobs".Sync\\\n')
    query("UPDATE pgjobs_job SET status = 'cancelled', completed = clock_timestamp()")

    labels = {"queue": "default", "job_class": 'app."jobs".Sync\\\n'}
    assert value("pgjobs_jobs_finished_total", outcome="cancelled", **labels) == 1


def test_the_collector_registers_beside_others_without_reading_the_database(
    django_assert_num_queries: Any,
) -> None:
    registry = CollectorRegistry(auto_describe=True)
    with django_assert_num_queries(0):
        registry.register(Collector())

    assert registry.get_sample_value("pgjobs_up") == 1


def test_the_role_for_looking_may_read_all_metrics() -> None:
    a_finished_job()
    a_job()
    query(load("roles"))
    query("SET LOCAL ROLE pgjobs_reader")
    found = {family.name for family in Collector().collect() if family.samples}
    query("RESET ROLE")

    assert {"pgjobs_jobs", "pgjobs_workers", "pgjobs_jobs_finished"} <= found


# The database -----------------------------------------------------------------------------


def test_a_scrape_is_a_fixed_number_of_statements(django_assert_num_queries: Any) -> None:
    for number in range(20):
        a_job(queue_name=f"q{number}")
        a_finished_job()

    # Six that read, the limits, and five for the transaction and its savepoint.
    with django_assert_num_queries(12):
        scraped()


def test_a_scrape_leaves_no_time_limit_in_the_transaction_of_its_caller() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '7s'")
    list(Collector().collect())

    assert query("SHOW statement_timeout") == [{"statement_timeout": "7s"}]


def test_a_database_that_is_away_is_told_as_down_and_logged(
    database_away: None, told: ToldSoFar
) -> None:
    response = scraped()

    assert response.status_code == 200
    assert "\npgjobs_up 0.0\n" in response.content.decode()
    assert "pgjobs_jobs" not in response.content.decode()
    assert len(told(events.MetricsUnreadable, part="metrics")) == 1


@pytest.mark.django_db(transaction=True)
def test_statistics_that_can_not_be_read_leave_the_gauges(told: ToldSoFar) -> None:
    a_finished_job()
    query("ALTER TABLE pgjobs_statistics RENAME TO away")
    try:
        found = samples()
    finally:
        query("ALTER TABLE away RENAME TO pgjobs_statistics")

    assert found["pgjobs_up", ()] == 1
    assert found["pgjobs_worker_slots", ()] == 0
    assert not any(name.startswith("pgjobs_jobs_finished") for name, _labels in found)
    assert len(told(events.MetricsUnreadable, part="statistics")) == 1


@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_has_ended_does_not_stay_down() -> None:
    registry = CollectorRegistry()
    registry.register(Collector())
    (row,) = query("SELECT pg_backend_pid() AS pid")
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [row["pid"]])

    ups = [registry.get_sample_value("pgjobs_up") for _ in range(2)]

    assert ups[1] == 1


def _fields(total: Total) -> dict[str, Any]:
    return {name: getattr(total, name) for name in Total.__dataclass_fields__}
