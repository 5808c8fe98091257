"""Schedules and workers in the admin."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from pgjobs.models import Schedule
from pgjobs.sql.locks import WORKER_LOCK
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker
from tests.support.sql import advisory_lock, query
from tests.support.staff import shown

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
    address = f"/admin/pgjobs/job/?status__exact=running&worker__id__exact={worker.pk}"
    assert address.replace("&", "&amp;") in shown(looking, f"{WORKERS}{worker.pk}/change/")
    assert [found.pk for found in looking.get(address).context["cl"].result_list] == [job.pk]


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
