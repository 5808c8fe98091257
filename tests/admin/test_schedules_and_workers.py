"""Schedules and workers in the admin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.utils import timezone

from pgjobs.clock.synchronizing import synchronize
from pgjobs.models import Job, Schedule, WorkerOrder
from pgjobs.sql.locks import WORKER_LOCK
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.registry import forget_system_jobs
from tests.support.rows import a_job, a_worker
from tests.support.sql import advisory_lock, query
from tests.support.staff import messages, shown, signed_in

pytestmark = pytest.mark.django_db
SCHEDULES = "/admin/pgjobs/schedule/"
WORKERS = "/admin/pgjobs/workerprocess/"


def test_a_schedule_shows_its_rule_its_state_and_its_last_job(looking: Client) -> None:
    job = a_job("failed")
    Schedule.objects.create(
        job_class="a.B", interval=60, next_run=ago(hours=-1), last_job=job, last_run=ago(hours=0)
    )
    html = shown(looking, SCHEDULES)
    assert "every hour" in html
    assert "On time" in html
    assert f'<a href="{job.get_absolute_url()}"><span class="pgjobs-badge pgjobs-red">' in html


def test_a_schedule_that_missed_its_slot_is_shown_as_overdue(looking: Client) -> None:
    Schedule.objects.create(job_class="a.B", interval=60, next_run=ago(hours=3, minutes=4))
    assert "Overdue by 3 h 4 min" in shown(looking, SCHEDULES)


def test_a_schedule_that_is_switched_off_is_shown_as_off_and_not_overdue(looking: Client) -> None:
    Schedule.objects.create(job_class="a.B", interval=60, next_run=ago(hours=3), enabled=False)
    html = shown(looking, SCHEDULES)
    assert "Off" in html
    assert "Overdue" not in html


def test_a_schedule_whose_last_job_was_pruned_is_shown(looking: Client) -> None:
    schedule = Schedule.objects.create(
        job_class="a.B", cron="15 3 * * *", next_run=timezone.now(), last_job_id=987654
    )
    assert "cron 15 3 * * *" in shown(looking, SCHEDULES)
    assert "cron 15 3 * * *" in shown(looking, f"{SCHEDULES}{schedule.pk}/change/")


@pytest.mark.parametrize("queues", ["{NULL}", "{{a},{b}}"])
def test_a_worker_whose_queues_are_no_list_of_names_is_shown(looking: Client, queues: str) -> None:
    worker = a_worker()
    query("UPDATE pgjobs_worker SET queues = %s", queues)
    assert "worker-1" in shown(looking, WORKERS)
    assert "worker-1" in shown(looking, f"{WORKERS}{worker.pk}/change/")


def test_a_worker_whose_process_holds_its_lock_is_shown_as_alive(looking: Client) -> None:
    worker = a_worker()
    with advisory_lock(WORKER_LOCK, worker.pk):
        html = shown(looking, WORKERS)
    assert 'pgjobs-green">Alive<' in html


def test_living_workers_are_listed_before_stopped_ones(looking: Client) -> None:
    living = a_worker(has_session_lock=False)
    stopped = a_worker(stopped=timezone.now() - timedelta(days=1))
    listed = looking.get(WORKERS).context["cl"].result_list
    assert [worker.pk for worker in listed] == [living.pk, stopped.pk]


def test_a_page_of_a_worker_links_to_the_jobs_that_it_runs(looking: Client) -> None:
    worker, other = a_worker(), a_worker()
    job = a_job("running", worker=worker)
    a_job("running", worker=other)
    a_job("completed", worker=worker)
    address = f"/admin/pgjobs/job/?q=status:running+worker:{worker.pk}"
    assert address in shown(looking, f"{WORKERS}{worker.pk}/change/")
    assert looking.get(address).context["part"].ids == [job.pk]


@pytest.mark.parametrize("address", [SCHEDULES, WORKERS])
def test_a_superuser_may_neither_add_change_nor_delete_schedules_and_workers(
    admin_client: Client, address: str
) -> None:
    key = a_worker().pk
    Schedule.objects.create(pk=key, job_class="a.B", interval=1, next_run=timezone.now())
    assert admin_client.get(f"{address}add/").status_code == 403
    assert admin_client.post(f"{address}{key}/change/", {"name": "x"}).status_code == 403
    assert admin_client.post(f"{address}{key}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("page", [SCHEDULES, WORKERS])
def test_a_nul_in_the_address_of_a_list_is_refused(looking: Client, page: str) -> None:
    assert looking.get(page, {"id__exact": "\0"})["Location"] == f"{page}?e=1"


def test_a_filter_that_fits_no_column_of_a_worker_is_refused(looking: Client) -> None:
    a_worker()
    assert looking.get(WORKERS, {"queues": "low"})["Location"] == f"{WORKERS}?e=1"


@pytest.mark.parametrize("page", [SCHEDULES, WORKERS])
@pytest.mark.parametrize("key", ["9" * 24, "9" * 4301, "%00", "x"])
def test_an_address_of_a_row_that_does_not_exist_leads_to_the_start(
    key: str, page: str, looking: Client
) -> None:
    assert looking.get(f"{page}{key}/change/")["Location"] == "/admin/"


@pytest.mark.parametrize("style", ["iso_8601", "sql_standard", "postgres_verbose"])
def test_the_pages_show_spans_of_time_whatever_interval_style_the_database_sets(
    style: str, looking: Client
) -> None:
    query(f"SET LOCAL IntervalStyle = '{style}'")
    Schedule.objects.create(job_class="a.B", interval=60, next_run=ago(hours=3, minutes=4))
    worker = a_worker(heartbeat=ago(minutes=2))
    a_job("running", worker=worker, started=ago(hours=30))
    assert "Overdue by 3 h 4 min" in shown(looking, SCHEDULES)
    assert "2 min 0 s ago" in shown(looking, WORKERS)
    assert "1 d 6 h" in shown(looking, "/admin/pgjobs/job/")


def test_a_worker_whose_lock_several_sessions_share_is_shown(looking: Client) -> None:
    key = WORKER_LOCK, a_worker(name="shared").pk
    with advisory_lock(*key, shared=True), advisory_lock(*key, shared=True):
        assert "shared" in shown(looking, WORKERS)


# Steering ----------------------------------------------------------------------------------


def choose(client: Client, page: str, action: str, key: int) -> list[str]:
    chosen = {"action": action, "_selected_action": [key]}
    return messages(client.post(page, chosen, follow=True))


@pytest.fixture
def schedule(no_system_jobs: None) -> Schedule:
    Noop.setup(interval=60)
    synchronize()
    return Schedule.objects.get()


def test_a_system_job_is_run_now_and_switched_off_and_on(schedule: Schedule) -> None:
    client = signed_in("view_schedule", "change_schedule")

    assert choose(client, SCHEDULES, "run_now", schedule.pk) == [
        f"{Noop.path}: enqueued as job {Job.objects.get().pk}"
    ]
    assert "is live already" in choose(client, SCHEDULES, "run_now", schedule.pk)[0]
    assert choose(client, SCHEDULES, "switch_off", schedule.pk) == [f"{Noop.path}: switched off"]
    assert "Switched off since" in shown(client, SCHEDULES)
    assert choose(client, SCHEDULES, "switch_off", schedule.pk) == [f"{Noop.path}: as it was"]
    assert choose(client, SCHEDULES, "switch_on", schedule.pk) == [f"{Noop.path}: switched on"]
    assert "On time" in shown(client, SCHEDULES)
    assert LogEntry.objects.count() == 5


def test_a_system_job_whose_class_is_gone_is_not_run_and_named(
    schedule: Schedule, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in("view_schedule", "change_schedule")
    forget_system_jobs(monkeypatch)

    (said,) = choose(client, SCHEDULES, "run_now", schedule.pk)

    assert f"{Noop.path!r} is no system job of this code" in said


def test_workers_are_ordered_to_drain_and_restart() -> None:
    client = signed_in("view_workerprocess", "change_workerprocess")
    worker, stopped = a_worker(has_session_lock=False), a_worker(stopped=timezone.now())

    said = choose(client, WORKERS, "drain", worker.pk)
    assert said == [f"worker-1 ({worker.pk}): ordered to drain"]
    assert "Ordered to drain" in shown(client, WORKERS)
    choose(client, WORKERS, "restart", worker.pk)
    assert WorkerOrder.objects.get().kind == "restart"
    assert choose(client, WORKERS, "drain", stopped.pk) == [
        f"worker-1 ({stopped.pk}) has stopped or is dead."
    ]


def test_a_user_who_may_only_view_steers_neither_schedules_nor_workers(
    looking: Client, schedule: Schedule
) -> None:
    worker = a_worker(has_session_lock=False)

    for page, action, key in (
        (SCHEDULES, "switch_off", schedule.pk),
        (SCHEDULES, "run_now", schedule.pk),
        (WORKERS, "drain", worker.pk),
    ):
        assert action not in shown(looking, page)
        choose(looking, page, action, key)
    assert not Job.objects.exists()
    assert not WorkerOrder.objects.exists()
    assert not Schedule.objects.exclude(switched_off=None).exists()
