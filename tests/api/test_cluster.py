"""Queues, workers, schedules, statistics and the journal over REST."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from pgjobs.clock.synchronizing import synchronize
from pgjobs.models import Job, JournalEntry, Pause, Schedule, WorkerOrder
from tests.apps.testapp.jobs import Noop
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]

API = "/api/pgjobs/"


@pytest.fixture
def root() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


def got(client: Client, path: str, status: int = 200) -> Any:
    response = client.get(API + path)
    assert response.status_code == status, response.content
    return response.json()


def sent(client: Client, path: str, status: int = 200, body: Any = None) -> Any:
    text = "" if body is None else json.dumps(body)
    response = client.generic("POST", API + path, text, "application/json")
    assert response.status_code == status, response.content
    return response.json()


def journal() -> list[tuple[str, str, int]]:
    entries = JournalEntry.objects.order_by("pk")
    return [(entry.verb, entry.subject, entry.done) for entry in entries]


# Queues -----------------------------------------------------------------------------------


def test_each_queue_is_listed_with_the_numbers_of_its_live_jobs(root: Client) -> None:
    a_job()
    a_job("completed")
    Pause.objects.pause(queue="low")

    queues = {queue["name"]: queue for queue in got(root, "queues/")["results"]}

    assert set(queues) >= {"high", "default", "low"}
    assert (queues["default"]["pending"], queues["default"]["running"]) == (1, 0)
    assert queues["default"]["latency"] >= 0
    assert (queues["low"]["paused"], queues["high"]["paused"]) == (True, False)
    assert got(root, "queues/default/")["pending"] == 1


def test_pausing_and_resuming_are_journalled_where_they_change_something(root: Client) -> None:
    for verb, paused in [("pause", True), ("pause", True), ("resume", False), ("resume", False)]:
        assert sent(root, f"queues/low/{verb}/")["paused"] is paused

    assert journal() == [("pause", "low", 1), ("resume", "low", 1)]


@pytest.mark.parametrize("name", ["nowhere", "%00", "a%20b", "é", "x" * 3000])
def test_a_queue_that_does_not_exist_is_not_found(name: str, root: Client) -> None:
    assert "There is no queue" in got(root, f"queues/{name}/", 404)["detail"]
    assert "There is no queue" in sent(root, f"queues/{name}/pause/", 404)["detail"]


# Workers ----------------------------------------------------------------------------------


def test_a_living_worker_takes_an_order_and_a_stopped_one_is_not_there(root: Client) -> None:
    worker = a_worker(has_session_lock=False)
    stopped = a_worker(stopped=ago(minutes=1))

    (listed,) = got(root, "workers/")["results"]
    ordered = sent(root, f"workers/{worker.pk}/drain/")

    assert (listed["id"], listed["queue_names"]) == (worker.pk, ["high", "default", "low"])
    assert ordered["ordered"] == WorkerOrder.objects.get().kind == "drain"
    sent(root, f"workers/{stopped.pk}/drain/", 404)
    assert journal() == [("drain", f"worker-1 ({worker.pk})", 1)]


def test_a_worker_that_dies_before_its_order_takes_none(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = a_worker(has_session_lock=False)
    monkeypatch.setattr("pgjobs.steering.workers.restart", lambda workers, by: [])

    assert "can't be ordered" in sent(root, f"workers/{worker.pk}/restart/", 409)["detail"]
    assert journal() == []


# Schedules --------------------------------------------------------------------------------


@pytest.fixture
def schedule(no_system_jobs: None) -> Schedule:
    Noop.setup(interval=60)
    synchronize()
    return Schedule.objects.get()


def test_a_schedule_runs_now_once_and_is_switched_off_and_on(
    schedule: Schedule, root: Client
) -> None:
    path = f"schedules/{schedule.pk}/"
    first, second = (sent(root, f"{path}run/") for _ in range(2))

    assert (first["is_new"], second["is_new"]) == (True, False)
    assert first["job_id"] == second["job_id"] == Job.objects.get().pk
    assert got(root, path)["rule"] == "every hour"
    assert sent(root, f"{path}switch-off/")["switched_off"] is not None
    assert got(root, path)["next_run"] is None
    assert sent(root, f"{path}switch-on/")["switched_off"] is None
    assert [verb for verb, subject, _ in journal() if subject == Noop.path] == [
        *("run schedule", "switch off", "switch on")
    ]


def test_a_rule_is_edited_and_taken_back(
    no_system_jobs: None, root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Noop, "options", replace(Noop.options, editable_schedule=True))
    Noop.setup(interval=60)
    synchronize()
    path = f"schedules/{Schedule.objects.get().pk}"

    edited = sent(root, f"{path}/edit/", body={"interval": 5})
    assert (edited["rule"], edited["edited"]) == ("every 5 minutes", True)
    edited = sent(root, f"{path}/edit/", body={"cron": "15 3 * * *"})
    assert (edited["rule"], edited["edited"]) == ("cron 15 3 * * *", True)
    back = sent(root, f"{path}/take-back/")
    assert (back["rule"], back["edited"]) == ("every hour", False)
    sent(root, f"{path}/take-back/")  # nothing is left to do

    assert [verb for verb, _subject, _done in journal()] == [
        "edit schedule",
        "edit schedule",
        "take rule back",
    ]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "Give either interval"),
        ({"interval": 5, "cron": "15 3 * * *"}, "Give either interval"),
        ({"interval": 0}, "interval must be"),
        ({"interval": None}, "may not be null"),
        ({"cron": "every day"}, "is not a cron expression"),
        ({"corn": "15 3 * * *"}, "Known are: cron, interval"),
    ],
)
def test_a_rule_that_is_none_is_refused_and_the_schedule_keeps_its_own(
    body: Any, said: str, no_system_jobs: None, root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Noop, "options", replace(Noop.options, editable_schedule=True))
    Noop.setup(interval=60)
    synchronize()
    schedule = Schedule.objects.get()

    refused = sent(root, f"schedules/{schedule.pk}/edit/", 400, body)

    assert said in str(refused)
    schedule.refresh_from_db()
    assert (schedule.interval, schedule.is_edited) == (60, False)


def test_a_rule_that_the_code_does_not_open_is_not_edited(
    no_system_jobs: None, root: Client
) -> None:
    Noop.setup(interval=60)
    synchronize()

    refused = sent(root, f"schedules/{Schedule.objects.get().pk}/edit/", 400, {"interval": 5})

    assert "does not set editable_schedule" in str(refused)


def test_a_schedule_whose_class_is_gone_does_not_run(no_system_jobs: None, root: Client) -> None:
    gone = Schedule.objects.create(job_class="gone.Job", interval=60, next_run=ago(hours=-1))

    assert "gone.Job" in sent(root, f"schedules/{gone.pk}/run/", 409)["detail"]


# The journal ------------------------------------------------------------------------------


def test_the_journal_shows_who_did_what_without_hidden_values(root: Client) -> None:
    secret = {"password": "hunter2", "card": "hunter2"}
    JournalEntry.objects.create(
        who="x", surface="sql", verb="retry", what={"filter": {"arg": secret}}
    )

    (entry,) = got(root, "journal/")["results"]

    assert entry["what"] == {"filter": {"arg": dict.fromkeys(secret, "[redacted]")}}
    assert entry["surface"] == {"value": "sql", "label": "SQL"}
    assert got(root, f"journal/{entry['id']}/") == entry
    got(root, "journal/9999999999999999999999/", 404)
