"""``manage.py pgjobs journal``, and bulk actions that are left to the workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now

from pgjobs.models import Job, JournalEntry
from pgjobs.steering import carrying
from tests.support.rows import a_job, a_worker

pytestmark = pytest.mark.django_db

Run = Callable[..., Any]


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    monkeypatch.setattr(carrying, "BATCH", 2)
    settings.PGJOBS = {**settings.PGJOBS, "HEARTBEAT_INTERVAL": 0.1}


def failed(count: int) -> None:
    for _ in range(count):
        a_job("failed")


def test_each_command_that_changes_something_is_listed_once(pgjobs: Run) -> None:
    waiting, done = a_job(), a_job("completed")
    pgjobs("cancel", waiting.pk, done.pk)
    pgjobs("pause", "low")
    pgjobs("pause", "low")
    pgjobs("enqueue", "Noop")
    pgjobs("delete", "--status", "completed", "--yes")

    rows = pgjobs("journal", "--json").json

    assert [(row["verb"], row["subject"], row["done"]) for row in rows] == [
        ("delete", "", 1),
        ("enqueue", "tests.apps.testapp.jobs.Noop", 1),
        ("pause", "low", 1),
        ("cancel", "", 1),
    ]
    assert {(row["surface"], row["state"]) for row in rows} == {("command", "done")}
    assert all(row["who"].startswith("manage.py by ") for row in rows)
    assert rows[0]["what"] == {"filter": {"status": ["completed"]}}
    assert pgjobs("journal", rows[3]["id"], "--json").json == rows[3:]
    assert "pause" in pgjobs("journal", "--limit", 3).out


def test_the_table_of_the_journal_says_which_jobs_an_action_was_about(pgjobs: Run) -> None:
    a_job("failed")
    pgjobs("retry", "--status", "failed", "--yes")
    pgjobs("pause", "low")

    head, pause, retry = pgjobs("journal").out.splitlines()

    assert "what" in head.split()
    assert '{"filter": {"status": ["failed"]}}' in retry
    assert "{" not in pause


def test_the_journal_hides_the_keys_of_each_class_in_the_filters_of_an_action(pgjobs: Run) -> None:
    secret = {"password": "hunter2", "order": [{"card": "hunter2"}], "invoice": "INV-7"}
    filters = {"arg": secret, "status": ["failed"], "error": "card"}
    JournalEntry.objects.create(
        who="x", surface="python", verb="retry", what={"filter": filters}, options={"pin": 1}
    )

    (row,) = pgjobs("journal", "--json").json

    hidden = {"password": "[redacted]", "order": [{"card": "[redacted]"}], "invoice": "INV-7"}
    assert row["what"] == {"filter": {**filters, "arg": hidden}}
    assert row["options"] == {"pin": 1}


def test_an_empty_journal_exits_with_1_and_says_so(pgjobs: Run) -> None:
    assert pgjobs("journal") == (1, "", "The journal has no such entry.\n")
    assert pgjobs("journal", "--json") == (1, "[]\n", "")
    assert pgjobs("journal", "--limit", 0).code == 2


@pytest.mark.parametrize("place", [[], ["--detach"]])
def test_many_jobs_need_a_worker_or_here(pgjobs: Run, place: list[str]) -> None:
    failed(3)

    ran = pgjobs("retry", "--status", "failed", "--yes", *place)

    assert (ran.code, ran.out) == (1, "")
    assert "No worker lives that " in ran.errors
    assert "give --here" in ran.errors
    assert not JournalEntry.objects.exists()
    assert pgjobs("retry", "--status", "failed", "--yes", "--here").code == 0


def test_with_a_worker_the_command_begins_and_says_that_the_worker_goes_on(pgjobs: Run) -> None:
    a_worker()
    failed(3)

    ran = pgjobs("retry", "--status", "failed", "--yes")

    assert (ran.code, ran.out) == (0, "3 of 3 jobs pending again.\n")
    assert "If this command ends, a worker goes on, unless it runs an older rel" in ran.errors


def test_an_action_that_no_worker_takes_is_left_with_a_word(pgjobs: Run) -> None:
    a_worker()
    failed(3)

    ran = pgjobs("retry", "--status", "failed", "--yes", "--detach")

    (entry,) = JournalEntry.objects.all()
    assert (ran.code, ran.out) == (0, f"{entry.pk}\n")
    assert "No worker has taken the action within 4.2 s: each carries another one " in ran.errors
    assert f"pgjobs journal --here {entry.pk} carries it out" in ran.errors
    assert entry.state == "running"


@pytest.mark.parametrize(
    "columns", [{"carrier": "worker 7"}, {"state": "cancelled", "ended": Now()}]
)
def test_an_action_that_a_worker_takes_or_that_ends_is_left_without_a_word(
    pgjobs: Run, columns: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    a_worker()
    failed(3)

    def take(_seconds: float) -> None:
        JournalEntry.objects.update(**columns)

    monkeypatch.setattr("pgjobs.steering.bulk.time.sleep", take)
    ran = pgjobs("retry", "--status", "failed", "--yes", "--detach", "--json")

    assert (ran.code, ran.errors) == (0, "")
    assert ran.json == {"action": JournalEntry.objects.get().pk, "matched": 3, "taken": True}


def test_an_action_is_left_to_the_workers_cancelled_and_carried_here(pgjobs: Run) -> None:
    a_worker()
    failed(3)
    first = int(pgjobs("retry", "--status", "failed", "--yes", "--detach").out)
    second = pgjobs("retry", "--status", "failed", "--yes", "--detach", "--json").json
    assert second == {"action": first + 1, "matched": 3, "taken": False}

    assert pgjobs("journal", "--cancel", first).out == f"{first} cancelled\n"
    assert "does not run" in pgjobs("journal", "--cancel", first).errors
    assert "does not run" in pgjobs("journal", "--here", first).errors
    assert not Job.objects.live().exists()

    ran = pgjobs("journal", "--here", first + 1)
    assert (ran.code, ran.out) == (0, "3 of 3 jobs changed.\n")
    states = JournalEntry.objects.filter(verb="retry").order_by("pk").values_list("state", "done")
    assert list(states) == [("cancelled", 0), ("done", 3)]


def test_an_action_that_fails_or_is_refused_is_told(pgjobs: Run) -> None:
    a_worker()
    failed(1)
    action = int(pgjobs("retry", "--status", "failed", "--yes", "--detach").out)
    JournalEntry.objects.update(what={"filter": {"colour": "red"}})

    ran = pgjobs("journal", "--here", action)

    assert ran.code == 1
    assert f"Action {action} is failed. This version does not know" in ran.errors
