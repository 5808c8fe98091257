"""The journal has one row for each action, in the transaction of the action."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from pgjobs.clock.synchronizing import synchronize
from pgjobs.models import Job, JournalEntry
from pgjobs.steering import schedules, workers
from pgjobs.steering.actor import Actor
from pgjobs.steering.journal import acting, note
from pgjobs.worker.liveness.pruning import Pruning
from tests.apps.testapp.jobs import Noop
from tests.support.engine import OpenConnection
from tests.support.moments import ago
from tests.support.rows import a_job, a_worker, tell_sql
from tests.support.sql import query
from tests.support.staff import choose, signed_in

pytestmark = pytest.mark.django_db

ANN = Actor.python("ann")


def test_an_act_that_changed_something_is_written_as_done() -> None:
    with acting("pause", by=ANN, subject="low") as act:
        act.done = 1

    entry = JournalEntry.objects.get()
    assert (entry.who, entry.surface, entry.verb, entry.subject) == (
        "ann",
        "python",
        "pause",
        "low",
    )
    assert (entry.state, entry.counted, entry.done) == ("done", 1, 1)
    assert entry.ended == entry.created


def test_an_act_that_changed_nothing_is_not_written() -> None:
    with acting("pause", by=ANN, subject="low"):
        pass

    assert not JournalEntry.objects.exists()


def test_an_act_that_raises_is_undone_and_not_written() -> None:
    a_job()

    def delete_and_fail() -> None:
        with acting("delete", by=ANN) as act:
            act.done = Job.objects.all().delete()[0]
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        delete_and_fail()

    assert Job.objects.exists()
    assert not JournalEntry.objects.exists()


def test_an_entry_outlives_its_user() -> None:
    user = get_user_model().objects.create(username="ann")
    key = str(user.pk)
    note("cancel", by=Actor.user(user), jobs=[7], options={"keep_schedule": True})
    user.delete()

    entry = JournalEntry.objects.get()
    assert (entry.who, entry.user_key, entry.surface) == ("ann", key, "admin")
    assert (entry.what, entry.options) == ({"ids": [7]}, {"keep_schedule": True})


def test_a_command_acts_as_the_user_of_the_system() -> None:
    assert Actor.command().who.startswith("manage.py by ")


@pytest.mark.usefixtures("empty_queue")
def test_entries_past_their_retention_are_deleted_and_running_actions_stay(
    settings: Any, open_connection: OpenConnection
) -> None:
    old, kept = note("pause", by=ANN), note("pause", by=ANN)
    running = note("retry", by=ANN)
    entries = JournalEntry.objects.exclude(pk=kept.pk)
    entries.update(created=ago(days=366), updated=ago(days=366), ended=ago(days=366))
    JournalEntry.objects.filter(pk=running.pk).update(state="running", ended=None)
    pruning = Pruning(open_connection(), threading.Event())

    settings.PGJOBS = {"JOURNAL_RETENTION": 0}
    pruning.take_pass()
    assert old in JournalEntry.objects.all()

    settings.PGJOBS = {"JOB_RETENTION": 0}
    pruning.take_pass()
    assert set(JournalEntry.objects.all()) == {kept, running}


def test_the_admin_journals_what_its_users_do() -> None:
    waiting, failed, done = a_job(), a_job("failed"), a_job("completed")
    browser = signed_in("view_job", "change_job", "delete_job")
    jobs = reverse("admin:pgjobs_job_changelist")
    browser.post(f"{jobs}{waiting.pk}/cancel/")
    choose(browser, "retry", failed)
    browser.post(f"{jobs}{done.pk}/delete/", {"post": "yes"})

    entries = JournalEntry.objects.order_by("pk")
    assert [(entry.verb, entry.what) for entry in entries] == [
        ("cancel", {"ids": [waiting.pk]}),
        ("retry", {"filter": {"ids": [failed.pk]}}),
        ("delete", {"ids": [done.pk]}),
    ]
    (user,) = get_user_model().objects.all()
    assert {(e.surface, e.who, e.user_key) for e in entries} == {
        ("admin", user.get_username(), str(user.pk))
    }


STEPS: dict[str, Callable[[], object]] = {
    "run schedule": lambda: schedules.run(Noop.path, by=ANN),
    "switch off": lambda: schedules.switch_off(Noop.path, by=ANN),
    "switch on": lambda: schedules.switch_on(Noop.path, by=ANN),
    "edit schedule": lambda: schedules.edit(Noop.path, interval=5, by=ANN),
    "take rule back": lambda: schedules.take_back(Noop.path, by=ANN),
}


@pytest.mark.usefixtures("no_system_jobs")
def test_each_verb_of_schedules_is_written_once_with_its_schedule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Noop, "options", replace(Noop.options, editable_schedule=True))
    Noop.setup(interval=60)
    synchronize()

    for step in STEPS.values():
        step()
    Job.objects.update(status="completed", started=ago(minutes=1), completed=ago(minutes=1))
    for step in (STEPS["switch on"], STEPS["take rule back"]):
        step()  # nothing is left to do

    entries = JournalEntry.objects.order_by("pk")
    assert [each.verb for each in entries] == list(STEPS)
    assert {(each.who, each.subject) for each in entries} == {("ann", Noop.path)}
    assert entries[0].what == {"ids": [Job.objects.get().pk]}
    assert entries[3].options == {"interval": 5, "cron": ""}


@pytest.mark.usefixtures("no_system_jobs")
def test_the_functions_that_steer_schedules_and_workers_are_written_with_the_session() -> None:
    Noop.setup(interval=60)
    synchronize()
    tell_sql()
    worker = a_worker(has_session_lock=False).pk

    for function in ("run_schedule", "switch_off", "switch_off", "switch_on"):
        query(f"SELECT pgjobs_{function}(%s)", Noop.path)
    for function in ("drain", "drain", "restart"):
        query(f"SELECT pgjobs_{function}(%s)", worker)

    (session,) = query("SELECT session_user AS name")
    entries = JournalEntry.objects.order_by("pk")
    assert [(each.verb, each.subject) for each in entries] == [
        ("run schedule", Noop.path),
        ("switch off", Noop.path),
        ("switch on", Noop.path),
        ("drain", str(worker)),
        ("restart", str(worker)),
    ]
    assert {(each.who, each.surface) for each in entries} == {(session["name"], "sql")}


def test_an_order_to_workers_is_written_with_their_names() -> None:
    worker = a_worker(has_session_lock=False)

    workers.drain([worker.pk, 4711], by=ANN)

    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.subject) == ("drain", f"{worker.name} ({worker.pk})")
    assert (entry.counted, entry.done) == (1, 1)
