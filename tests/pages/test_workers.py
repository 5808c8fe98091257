"""The pages of workers: their states, their jobs, and the orders to them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pgjobs.models import WorkerOrder
from pgjobs.sql.locks import WORKER_LOCK
from tests.support.moments import ago
from tests.support.pages import at, journalled, order
from tests.support.rows import a_job, a_worker
from tests.support.sql import advisory_lock, query
from tests.support.staff import shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return signed_in("view_job", "view_workerprocess", "change_workerprocess")


@pytest.mark.parametrize("queues", ["{NULL}", "{{a},{b}}", '{"<b>"}'])
def test_a_worker_whose_queues_are_no_list_of_names_is_shown(client: Client, queues: str) -> None:
    worker = a_worker(name="<i>")
    query("UPDATE pgjobs_worker SET queues = %s", queues)
    for page in ("workers", "overview"):
        assert "&lt;i&gt;" in shown(client, at(page))
    html = shown(client, at("worker", worker.pk))
    assert "&lt;i&gt;" in html
    assert "<b>" not in html.partition("serves")[2].partition("</p>")[0]


def test_a_worker_whose_process_holds_its_lock_is_shown_as_alive(client: Client) -> None:
    worker = a_worker()
    with advisory_lock(WORKER_LOCK, worker.pk):
        html = shown(client, at("workers"))
    assert 'pgj-green">Alive<' in html


def test_a_worker_whose_lock_is_lost_is_shown_as_dead(client: Client) -> None:
    worker = a_worker(heartbeat=ago(minutes=2))
    query("UPDATE pgjobs_worker SET has_session_lock = true")
    html = shown(client, at("worker", worker.pk))
    assert ">Dead<" in html or ">Silent<" in html
    assert "heartbeat 2 min 0 s ago" in html
    assert at("drain", worker.pk) not in html


def test_a_worker_whose_lock_several_sessions_share_is_shown_once(client: Client) -> None:
    key = WORKER_LOCK, a_worker(name="shared").pk
    with advisory_lock(*key, shared=True), advisory_lock(*key, shared=True):
        assert shown(client, at("workers")).count('id="worker-') == 1
        assert "shared" in shown(client, at("worker", key[1]))


def test_a_stopped_worker_is_listed_apart_and_has_a_page(client: Client) -> None:
    stopped = a_worker(name="old", stopped=timezone.now())
    html = shown(client, at("workers"))
    assert f'id="stopped-{stopped.pk}"' in html
    assert f'id="worker-{stopped.pk}"' not in html
    assert "Stopped" in shown(client, at("worker", stopped.pk))


def test_a_worker_names_the_jobs_that_it_runs(client: Client) -> None:
    worker, other = a_worker(has_session_lock=False), a_worker(has_session_lock=False)
    running = a_job("running", worker=worker, name="runs here")
    ended = a_job("completed", worker=worker, name="ran here")
    a_job("running", worker=other, name="runs elsewhere")
    row = shown(client, at("workers")).partition(f'id="worker-{worker.pk}"')[2]
    assert "runs here" in row.partition("</tr>")[0]
    html = shown(client, at("worker", worker.pk))
    assert at("job", running.pk) in html
    assert at("job", ended.pk) in html
    assert "runs elsewhere" not in html


def test_a_worker_counts_and_names_visible_jobs_alone(client: Client, settings: Any) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.own_queues"}
    worker = a_worker(has_session_lock=False)
    a_job("running", worker=worker, name="of mine")
    for status in ("running", "completed"):
        a_job(status, worker=worker, queue_name="high", name="of others")
    for page in (at("workers"), at("worker", worker.pk), at("overview")):
        assert "of others" not in shown(client, page)
    assert "<b>1</b> claimed jobs" in shown(client, at("worker", worker.pk))


@pytest.mark.parametrize("key", ["9" * 24, "9" * 4301, "%00", "x", "987654"])
def test_a_worker_that_does_not_exist_is_not_found(key: str, client: Client) -> None:
    assert client.get(f"/jobs/workers/{key}/").status_code == 404
    assert client.post(f"/jobs/workers/{key}/drain/").status_code == 404


def test_workers_are_ordered_to_drain_and_restart(client: Client) -> None:
    worker, stopped = a_worker(has_session_lock=False), a_worker(stopped=timezone.now())
    name = f"worker-1 ({worker.pk})"
    assert order(client, "drain", worker.pk) == [f"{name} was ordered to drain."]
    assert "Ordered to drain" in shown(client, at("workers"))
    assert order(client, "restart", worker.pk) == [f"{name} was ordered to restart."]
    assert WorkerOrder.objects.get().kind == "restart"
    assert order(client, "drain", stopped.pk) == [
        f"worker-1 ({stopped.pk}) has stopped or is dead, so it can't be ordered."
    ]
    assert journalled() == [("staff", "drain", name, 1), ("staff", "restart", name, 1)]


def test_a_user_who_may_only_view_orders_nothing() -> None:
    looking, worker = signed_in("view_workerprocess"), a_worker(has_session_lock=False)
    assert at("drain", worker.pk) not in shown(looking, at("workers"))
    for name in ("drain", "restart"):
        assert looking.post(at(name, worker.pk)).status_code == 403
    assert not WorkerOrder.objects.exists()


def test_the_addresses_of_the_admin_lead_to_the_pages(client: Client) -> None:
    worker, old = a_worker(), "/admin/pgjobs/workerprocess/"
    assert client.get(old)["Location"] == at("workers")
    assert client.get(f"{old}{worker.pk}/change/")["Location"] == at("worker", worker.pk)


def test_a_superuser_neither_adds_changes_nor_deletes_workers_in_the_admin(
    admin_client: Client,
) -> None:
    key, old = a_worker().pk, "/admin/pgjobs/workerprocess/"
    assert admin_client.get(f"{old}add/").status_code == 403
    assert admin_client.post(old, {"action": "delete_selected"}).status_code == 403
    assert admin_client.post(f"{old}{key}/change/", {"name": "x"}).status_code == 403
    assert admin_client.post(f"{old}{key}/delete/", {"post": "yes"}).status_code == 403
