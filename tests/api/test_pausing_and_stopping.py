"""Pausing job classes, and stopping bulk actions, over REST."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from pgjobs.models import JournalEntry, Pause
from tests.api.asking import got, sent
from tests.apps.testapp.jobs import Noop
from tests.support.staff import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]

CLASSES = "/api/pgjobs/job-classes/"
JOURNAL = "/api/pgjobs/journal/"


def journal() -> list[tuple[str, str, str, int]]:
    rows = JournalEntry.objects.order_by("pk")
    return list(rows.values_list("surface", "verb", "subject", "done"))


# Job classes ------------------------------------------------------------------------------


def test_each_job_class_is_listed_with_its_pause(operator: Client) -> None:
    Pause.objects.pause(job_class=Noop)
    since = Pause.objects.get().since

    rows = {row["path"]: row for row in got(operator, CLASSES)["results"]}

    assert (rows[Noop.path]["paused"], len(rows) > 1) == (True, True)
    assert rows[Noop.path]["paused_since"].replace("Z", "+00:00")[:19] == since.isoformat()[:19]
    assert sum(row["paused"] for row in rows.values()) == 1
    assert got(operator, rows[Noop.path]["url"]) == rows[Noop.path]


def test_a_job_class_is_paused_and_resumed_and_each_change_is_journalled(operator: Client) -> None:
    for verb, paused in [("pause", True), ("pause", True), ("resume", False), ("resume", False)]:
        assert sent(operator, f"{CLASSES}{Noop.path}/{verb}/", {})["paused"] is paused
        assert Pause.objects.filter(kind="job_class", name=Noop.path).exists() is paused

    assert journal() == [("rest", "pause", Noop.path, 1), ("rest", "resume", Noop.path, 1)]


@pytest.mark.parametrize("path", ["no.such.Job", "Noop", "%00", "é", "x" * 3000])
def test_a_job_class_that_does_not_exist_is_not_found(path: str, operator: Client) -> None:
    for verb in ("pause", "resume"):
        said = sent(operator, f"{CLASSES}{path}/{verb}/", {}, 404)["detail"]
        assert "There is no job class" in said
        assert Noop.path in said
    got(operator, f"{CLASSES}{path}/", 404)
    assert journal() == []


def test_a_paused_class_that_the_code_no_longer_has_is_resumed_and_not_paused_again(
    operator: Client,
) -> None:
    Pause.objects.create(kind="job_class", name="gone.jobs.Old")

    assert got(operator, f"{CLASSES}gone.jobs.Old/")["paused"] is True
    sent(operator, f"{CLASSES}gone.jobs.Old/pause/", {}, 404)
    assert sent(operator, f"{CLASSES}gone.jobs.Old/resume/", {})["paused"] is False

    got(operator, f"{CLASSES}gone.jobs.Old/", 404)
    assert journal() == [("rest", "resume", "gone.jobs.Old", 1)]


# Bulk actions -----------------------------------------------------------------------------


def an_action(**columns: Any) -> JournalEntry:
    row = {"who": "x", "surface": "admin", "verb": "retry", "state": "running", "ended": None}
    return JournalEntry.objects.create(**{**row, **columns})


def test_a_running_bulk_action_is_stopped_once_and_the_journal_tells_it(operator: Client) -> None:
    action = an_action(done=4)

    stopped = sent(operator, f"{JOURNAL}{action.pk}/cancel/", {})
    again = sent(operator, f"{JOURNAL}{action.pk}/cancel/", {}, 409)

    assert (stopped["state"]["value"], stopped["done"]) == ("cancelled", 4)
    assert stopped["ended"] is not None
    assert again["detail"] == f"The action {action.pk} has ended already."
    assert journal()[1:] == [("rest", "cancel action", str(action.pk), 1)]


@pytest.mark.parametrize("verb", ["pause", "cancel action", "of SQL by hand"])
def test_an_entry_that_is_no_bulk_action_is_not_stopped(verb: str, operator: Client) -> None:
    entry = an_action(verb=verb)

    said = sent(operator, f"{JOURNAL}{entry.pk}/cancel/", {}, 409)["detail"]

    assert said == f"Entry {entry.pk} is no bulk action, so there is nothing to stop."
    assert JournalEntry.objects.get().state == "running"


@pytest.mark.parametrize("number", ["0", "x", str(2**80)])
def test_an_entry_that_does_not_exist_is_not_found(number: str, operator: Client) -> None:
    sent(operator, f"{JOURNAL}{number}/cancel/", {}, 404)


@pytest.mark.parametrize(
    ("permission", "verbs"),
    [("change_job", {"cancel", "retry"}), ("delete_job", {"delete", "prune"}), ("add_job", set())],
)
def test_a_bulk_action_is_stopped_by_users_with_the_permission_of_its_verb(
    permission: str, verbs: set[str]
) -> None:
    client = signed_in("view_journalentry", permission)
    actions = {verb: an_action(verb=verb) for verb in ("cancel", "retry", "delete", "prune")}

    answers = {
        verb: client.post(f"{JOURNAL}{action.pk}/cancel/", {}, "application/json").status_code
        for verb, action in actions.items()
    }

    assert answers == {verb: 200 if verb in verbs else 403 for verb in actions}
    assert {entry.verb for entry in JournalEntry.objects.filter(state="cancelled")} == verbs


def test_a_body_with_an_unknown_key_stops_and_pauses_nothing(operator: Client) -> None:
    action = an_action()
    sent(operator, f"{JOURNAL}{action.pk}/cancel/", {"keep": True}, 400)
    sent(operator, f"{CLASSES}{Noop.path}/pause/", {"since": 1}, 400)
    action.refresh_from_db()
    assert (action.state, Pause.objects.exists()) == ("running", False)
