"""The inspection views of jobs and of the processes that run them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from pgjobs.conf import Settings
from pgjobs.sql.locks import HERE_LOCK, WORKER_LOCK
from tests.apps.testapp.jobs import Noop
from tests.support.eventually import eventually
from tests.support.moments import ago
from tests.support.rows import a_job, a_site, a_worker
from tests.support.sql import advisory_lock, query, view

pytestmark = pytest.mark.django_db


# Jobs --------------------------------------------------------------------------------


def test_a_job_shows_its_object_as_model_and_key() -> None:
    site = a_site("Berlin")
    job = Noop.enqueue(site)
    assert view("jobs", job.pk)["object"] == f"testapp.site:{site.pk}"


def test_a_waiting_job_is_late_by_the_time_since_it_was_due() -> None:
    job = a_job(scheduled=ago(minutes=5))
    assert timedelta(minutes=5) <= view("jobs", job.pk)["late_by"] < timedelta(minutes=6)


def test_a_job_that_is_not_due_yet_is_not_late() -> None:
    assert view("jobs", a_job("scheduled").pk)["late_by"] is None


def test_a_job_that_started_is_late_by_its_wait_alone() -> None:
    moment = ago(hours=3)
    job = a_job("completed", scheduled=moment, started=moment + timedelta(seconds=7))
    assert view("jobs", job.pk)["late_by"] == timedelta(seconds=7)


def test_a_job_cancelled_before_it_was_due_is_not_late() -> None:
    job = a_job("cancelled", scheduled=ago(hours=-1), started=None)
    assert view("jobs", job.pk)["late_by"] is None


def test_the_duration_of_a_finished_job_is_from_its_start_to_its_end() -> None:
    started = ago(hours=1)
    job = a_job("failed", started=started, completed=started + timedelta(minutes=3, seconds=2))
    assert view("jobs", job.pk)["duration"] == timedelta(minutes=3, seconds=2)


@pytest.mark.parametrize(
    ("progress", "percent"),
    [
        ({"done": 1, "total": 3, "message": "reading"}, 33),
        ({"done": 2.5, "total": 5.0}, 50),
        ({"done": 7, "total": 5}, 100),
        ({"done": 7, "total": None}, None),
        ({"done": 0, "total": 0}, None),
        ({"done": "many", "total": "more"}, None),
        (None, None),
    ],
)
def test_progress_with_a_total_is_shown_as_a_percentage(
    progress: dict[str, Any] | None, percent: int | None
) -> None:
    job = a_job("running", progress=progress)
    assert view("jobs", job.pk)["progress_percent"] == percent


def test_an_error_of_several_lines_is_shown_by_its_first() -> None:
    job = a_job("errored", error="ValueError: boom\nand much more")
    assert view("jobs", job.pk)["error"] == "ValueError: boom"


# Workers and running jobs --------------------------------------------------------------


def test_a_worker_that_holds_its_lock_is_alive() -> None:
    worker = a_worker()
    a_job("running", worker=worker)
    with advisory_lock(WORKER_LOCK, worker.pk):
        seen = view("workers", worker.pk)
    assert (seen["state"], seen["alive"], seen["running"]) == ("alive", True, 1)
    assert seen["backend_pid"] is not None


def test_a_worker_without_its_lock_is_dead() -> None:
    worker = a_worker()
    # The view counts a missing lock once the server has been up for ten seconds.
    eventually(lambda: view("workers", worker.pk)["state"] == "dead", timeout=15)


def test_a_worker_without_session_locks_is_alive_by_its_heartbeat() -> None:
    fresh = a_worker(has_session_lock=False)
    stale = a_worker(has_session_lock=False, heartbeat=ago(minutes=2))
    assert view("workers", fresh.pk)["state"] == "alive"
    assert view("workers", stale.pk)["state"] == "silent"
    assert not view("workers", stale.pk)["alive"]


def test_a_worker_without_session_locks_is_silent_once_the_default_lease_is_over() -> None:
    lease = Settings().HEARTBEAT_TIMEOUT
    in_time = a_worker(has_session_lock=False, heartbeat=ago(seconds=lease - 5))
    late = a_worker(has_session_lock=False, heartbeat=ago(seconds=lease + 1))
    assert view("workers", in_time.pk)["state"] == "alive"
    assert view("workers", late.pk)["state"] == "silent"


def test_a_worker_that_drains_is_alive() -> None:
    worker = a_worker(has_session_lock=False, draining=True)
    seen = view("workers", worker.pk)
    assert (seen["state"], seen["alive"]) == ("draining", True)


def test_a_worker_that_signed_off_is_stopped() -> None:
    worker = a_worker(stopped=timezone.now())
    seen = view("workers", worker.pk)
    assert (seen["state"], seen["alive"], seen["silent_for"]) == ("stopped", False, None)


def test_a_running_job_is_alive_while_its_worker_is() -> None:
    alive = a_job("running", worker=a_worker(has_session_lock=False))
    dead = a_job("running", worker=a_worker(stopped=timezone.now()))
    gone = a_job("running", worker_id=987654)
    found = {row["id"]: row["alive"] for row in query("SELECT id, alive FROM pgjobs_running")}
    assert found == {alive.pk: True, dead.pk: False, gone.pk: False}


def test_a_job_without_a_worker_is_alive_while_its_process_holds_its_lock() -> None:
    job = a_job("running")
    assert not view("running", job.pk)["alive"]
    with advisory_lock(HERE_LOCK, job.pk):
        assert view("running", job.pk)["alive"]


def test_jobs_that_do_not_run_are_not_in_the_view_of_running_jobs() -> None:
    for status in ("pending", "scheduled", "completed", "cancelled"):
        a_job(status)
    assert query("SELECT * FROM pgjobs_running") == []
