"""pgjobs_why() names the right reason first, for each way in which a job can wait."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from pgjobs.models import Job, Pause, RegistryEntry, WorkerProcess
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker
from tests.support.sql import query

pytestmark = pytest.mark.django_db


def why(job: Job | int) -> list[dict[str, Any]]:
    return query("SELECT * FROM pgjobs_why(%s)", job if isinstance(job, int) else job.pk)


def first(job: Job | int) -> tuple[str, str]:
    reason = why(job)[0]
    return reason["reason"], reason["evidence"]


def reasons(job: Job) -> list[str]:
    return [row["reason"] for row in why(job)]


def a_living_worker(**columns: Any) -> WorkerProcess:
    worker = a_worker(has_session_lock=False, **columns)
    RegistryEntry.objects.update_or_create(
        kind="job_class", name=Noop.path, defaults={"options": {}, "seen": timezone.now()}
    )
    return worker


def test_a_job_that_nobody_knows_is_unknown() -> None:
    assert first(4711)[0] == "unknown"


def test_a_finished_job_shows_its_attempts_and_the_first_line_of_its_error() -> None:
    job = a_job("errored", error="ValueError: boom\nand more", attempt=2, max_attempts=2)

    assert why(job) == [
        {
            "reason": "finished",
            "evidence": "It is errored after attempt 2 of 2: ValueError: boom",
            "since": job.completed,
        }
    ]


def test_a_job_that_ended_without_a_start_had_no_attempt() -> None:
    assert first(a_job("cancelled"))[1] == "It is cancelled without an attempt"


def test_a_running_job_names_its_worker() -> None:
    job = a_job("running", worker=a_living_worker(), attempt=1)

    assert first(job) == (
        "running",
        f"Worker {job.worker_id} (worker-1) has it, for attempt 1 of 1.",
    )
    assert why(job)[0]["since"] == job.started


def test_a_running_job_of_a_worker_with_more_jobs_than_slots_may_wait_for_a_slot() -> None:
    worker = a_living_worker(concurrency=1)
    job, _ = a_job("running", worker=worker), a_job("running", worker=worker)

    assert "claimed 2 jobs for 1 slot, so" in first(job)[1]
    WorkerProcess.objects.update(concurrency=2)
    a_job("running", worker=worker)
    assert "claimed 3 jobs for 2 slots, so" in first(job)[1]


def test_a_running_job_of_a_silent_worker_is_taken_back() -> None:
    job = a_job("running", worker=a_living_worker(heartbeat=ago(minutes=1)))

    assert first(job)[1].endswith("has it and is silent: a worker takes it back, but none lives.")
    a_living_worker()
    assert first(job)[1].endswith("has it and is silent: another worker takes it back soon.")


def test_a_running_job_of_a_worker_without_a_row_is_taken_back() -> None:
    job = a_job("running", worker_id=4711)

    a_living_worker()
    assert first(job) == (
        "running",
        "Worker 4711 has it and is gone: another worker takes it back soon.",
    )


def test_an_immediate_job_runs_in_the_process_of_its_caller() -> None:
    assert first(a_job("running")) == ("running", "It runs in the process of its caller.")


def test_a_job_that_was_told_to_stop_says_since_when() -> None:
    job = a_job("running", cancel_requested=ago(seconds=3))

    assert reasons(job) == ["running", "stopping"]
    assert why(job)[1]["since"] == job.cancel_requested


def test_a_paused_queue_comes_first_and_the_rest_follows() -> None:
    a_job()
    job = a_job()
    Pause.objects.create(kind="queue", name="default")

    assert first(job) == ("paused", "The queue default is paused.")
    assert reasons(job) == ["paused", "no worker"]


def test_a_paused_job_class_comes_first() -> None:
    a_living_worker()
    Pause.objects.create(kind="job_class", name=Noop.path)

    assert first(a_job()) == ("paused", f"The job class {Noop.path} is paused.")


def test_a_scheduled_job_says_when_it_may_begin() -> None:
    a_living_worker()
    job = a_job("scheduled")

    assert reasons(job) == ["scheduled"]


def test_a_job_that_waits_for_its_next_attempt_shows_the_last_error() -> None:
    a_living_worker()
    job = a_job("scheduled", attempt=1, max_attempts=3, error="OSError: away\nmore")

    reason, evidence = first(job)
    assert reason == "next attempt"
    assert evidence.startswith("Attempt 2 of 3 may begin ")
    assert evidence.endswith(", after: OSError: away")


def test_a_scheduled_job_whose_moment_has_come_is_due() -> None:
    a_living_worker()

    assert first(a_job("scheduled", scheduled=ago(seconds=1)))[0] == "due"


def test_a_queue_without_a_living_worker_is_named_with_those_that_have_one() -> None:
    a_living_worker(queues=["high", "low"])
    a_worker(stopped=timezone.now())

    assert first(a_job()) == (
        "no worker",
        "No living worker serves the queue default. Those that live serve high, low.",
    )


def test_a_worker_that_drains_serves_no_queue() -> None:
    a_living_worker(draining=True)

    assert first(a_job()) == ("no worker", "No living worker serves the queue default.")


def test_a_class_that_no_living_worker_knows_is_named() -> None:
    a_living_worker()
    job = a_job(job_class="gone.jobs.Old")
    RegistryEntry.objects.create(
        kind="job_class", name="gone.jobs.Old", options={}, seen=ago(days=1)
    )

    assert first(job) == (
        "unknown class",
        "No living worker that serves the queue default knows gone.jobs.Old.",
    )


@pytest.mark.django_db(transaction=True)
def test_a_row_that_a_transaction_holds_is_locked() -> None:
    a_living_worker()
    job = a_job()
    login = {**connection.get_connection_params(), "application_name": "psql"}
    with closing(psycopg.connect(**login)) as other:
        other.execute("SELECT FROM pgjobs_job FOR UPDATE")

        reason, evidence = first(job)

        assert reason == "locked"
        assert evidence == (
            f"A transaction of pid {other.info.backend_pid} (psql) holds the row of the job."
        )
        other.rollback()
        other.execute("LOCK TABLE pgjobs_job IN SHARE MODE")
        assert first(job)[1].endswith("(psql) holds the table of jobs.")


@pytest.mark.usefixtures("nothing_counted")
def test_jobs_of_earlier_lanes_and_positions_stand_before_it() -> None:
    a_living_worker()
    for columns in ({"queue_name": "high"}, {"priority": 1}, {}):
        a_job(**columns)
    job = a_job()
    for columns in ({"queue_name": "low"}, {"priority": -1}, {}):
        a_job(**columns)

    assert first(job) == (
        "behind",
        "3 jobs stand before it; no job of these queues has run in the last five minutes.",
    )


def test_the_most_devoted_worker_counts() -> None:
    a_living_worker()
    a_living_worker(queues=["default"])
    a_job(queue_name="high")

    assert reasons(a_job()) == ["due"]


def test_jobs_of_paused_queues_and_classes_do_not_stand_before_it() -> None:
    a_living_worker()
    a_job(queue_name="high")
    a_job(job_class="other.jobs.Slow")
    job = a_job()
    Pause.objects.create(kind="queue", name="high")
    Pause.objects.create(kind="job_class", name="other.jobs.Slow")

    assert reasons(job) == ["due"]


def test_taken_slots_name_the_longest_jobs() -> None:
    worker = a_living_worker(concurrency=2)
    long = a_job("running", worker=worker, started=ago(hours=1), name="Long")
    short = a_job("running", worker=worker, name="Short")

    assert first(a_job()) == (
        "busy",
        "All 2 slots of the workers that serve the queue are taken, the longest by "
        f"job {long.pk} (Long), job {short.pk} (Short).",
    )


def test_a_taken_slot_alone_names_its_job() -> None:
    worker = a_living_worker(concurrency=1)
    job = a_job("running", worker=worker, name="Long")

    assert first(a_job()) == (
        "busy",
        f"The only slot of the workers that serve the queue is taken, by job {job.pk} (Long).",
    )


def test_a_job_without_a_hindrance_is_due() -> None:
    a_living_worker()

    assert reasons(a_job()) == ["due"]


def test_interruptions_are_told_last() -> None:
    a_living_worker()
    job = a_job(interruptions=2)

    assert reasons(job) == ["due", "interrupted"]
    assert why(job)[1]["evidence"] == "It lost its worker 2 times, and began anew."
    once = a_job(interruptions=1, queue_name="high")
    assert why(once)[1]["evidence"] == "It lost its worker once, and began anew."


def test_no_class_is_unknown_while_the_workers_have_not_written_what_they_know() -> None:
    a_worker(has_session_lock=False)
    RegistryEntry.objects.all().delete()

    assert first(a_job())[0] == "due"
