"""The search in the logs of all jobs, and the journal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry, JournalEntry
from pgjobs.pages import journal as journal_pages
from pgjobs.pages import logs as log_pages
from tests.apps.testapp.jobs import Noop, Raising
from tests.support.browsing import HOSTILE
from tests.support.moments import ago
from tests.support.pages import at, journalled, order
from tests.support.rows import a_job
from tests.support.sql import query
from tests.support.staff import shown, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return signed_in("view_job", "change_job", "view_journalentry")


def a_line(text: str = "hello", job: Job | None = None, **columns: Any) -> JobLogEntry:
    row = {"level": "info", "timestamp": timezone.now(), **columns}
    return JobLogEntry.objects.create(job=job or a_job(), message=text, **row)


def found(client: Client, **filters: Any) -> list[int]:
    response = client.get(at("logs", **filters))
    assert response.status_code == 200
    return [line["pk"] for line in response.context["found"].lines]


# Logs -------------------------------------------------------------------------------------


def test_lines_of_all_jobs_are_found_the_newest_first(client: Client) -> None:
    lines = [a_line("one"), a_line("two")]
    assert found(client) == [lines[1].pk, lines[0].pk]


def test_lines_are_found_by_text_level_class_and_time(client: Client) -> None:
    other = a_line("other", level="debug", timestamp=ago(hours=3))
    wanted = a_line("Say Hello", a_job(job_class=Raising.path), level="error")
    for filters in (
        {"q": "hello"},
        {"level": "error"},
        {"class": "Raising"},
        {"since": "1h"},
        {"q": "HELLO", "level": "error", "class": Raising.path, "since": "15m"},
    ):
        assert found(client, **filters) == [wanted.pk], filters
    assert found(client, **{"class": Noop.path}) == [other.pk]


def test_a_percent_sign_is_a_text_like_any_other(client: Client) -> None:
    a_line("100 files")
    wanted = a_line("100% of_it")
    assert found(client, q="0%") == found(client, q="_") == [wanted.pk]


@pytest.mark.parametrize("filters", [{"class": "Nope"}, {"since": "soon"}, {"class": "no path"}])
def test_a_wrong_filter_is_refused_in_words(client: Client, filters: dict[str, str]) -> None:
    response = client.get(at("logs", **filters))
    assert response.status_code == 400
    assert b"pgj-error" in response.content


def test_lines_of_hidden_jobs_are_not_found(client: Client, settings: Any) -> None:
    settings.PGJOBS = {"VISIBLE_JOBS": "tests.access.hooks.own_queues"}
    a_line("secret", a_job(queue_name="high"))
    own = a_line("secret")
    assert found(client, q="secret") == [own.pk]


def test_a_search_reads_one_part_of_the_table_and_goes_on_at_the_next(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_pages, "WINDOW", 3)
    lines = [a_line("wanted" if number == 1 else "other") for number in range(9)]
    response, steps = client.get(at("logs", q="wanted")), 0
    while not response.context["found"].lines:
        assert "3 lines were searched" in response.content.decode()
        response, steps = client.get(response.context["older"]), steps + 1
    assert [line["pk"] for line in response.context["found"].lines] == [lines[1].pk]
    assert steps == 2


def test_more_lines_than_fit_are_cut_and_the_next_ones_follow(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_pages, "SHOWN", 2)
    lines = [a_line() for _ in range(3)]
    response = client.get(at("logs"))
    assert "The 2 newest lines that match" in response.content.decode()
    response = client.get(response.context["older"])
    assert [line["pk"] for line in response.context["found"].lines] == [lines[0].pk]


def test_a_search_that_takes_too_long_is_told_honestly(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_line()
    monkeypatch.setattr(log_pages, "_find", lambda sight, search: query("SELECT pg_sleep(30)"))
    response = client.get(at("logs", q="x"))
    assert response.status_code == 400
    assert "no answer within 2 s" in response.content.decode()


def test_text_of_a_line_is_escaped(client: Client) -> None:
    a_line(HOSTILE, a_job(name=HOSTILE), level=HOSTILE[:20])
    a_line(f"{HOSTILE}\n{HOSTILE}")
    html = shown(client, at("logs"))
    assert "window.harmed" in html
    assert "<script>window" not in html
    assert "<script>window" not in shown(client, at("logs", q=HOSTILE, level=HOSTILE))


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "\0", "²"])
def test_a_place_that_is_no_id_is_the_newest_line(client: Client, before: str) -> None:
    line = a_line()
    assert found(client, before=before) == [line.pk]


# The journal ------------------------------------------------------------------------------


def an_entry(**columns: Any) -> JournalEntry:
    row = {"who": "maria", "surface": "admin", "verb": "cancel", "counted": 1, "done": 1, **columns}
    return JournalEntry.objects.create(**row)


def listed(client: Client, **filters: Any) -> list[int]:
    return [row.id for row in client.get(at("journal", **filters)).context["entries"]]


def test_actions_are_listed_the_newest_first_and_by_who_and_verb(client: Client) -> None:
    old, new = an_entry(verb="retry"), an_entry(who="manage.py by root")
    assert listed(client) == [new.pk, old.pk]
    assert listed(client, who="MARI") == listed(client, verb="retry") == [old.pk]
    assert listed(client, who="nobody") == []


def test_the_journal_has_pages(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_pages, "SHOWN", 2)
    entries = [an_entry().pk for _ in range(5)]
    response, seen = client.get(at("journal", who="maria")), []
    while True:
        seen += [row.id for row in response.context["entries"]]
        if not response.context["older"]:
            break
        response = client.get(response.context["older"])
    assert seen == entries[::-1]


def test_an_entry_shows_its_jobs_and_its_filter(client: Client) -> None:
    job = a_job()
    by_id = an_entry(what={"ids": [job.pk, "x", {}, True, -1]})
    assert at("job", job.pk) in shown(client, at("entry", by_id.pk))
    by_filter = an_entry(what={"filter": {"status": ["errored"]}}, options={"keep_schedule": True})
    html = shown(client, at("entry", by_filter.pk))
    assert "&quot;errored&quot;" in html
    assert "keep_schedule" in html


@pytest.mark.parametrize("what", [[], "x", 5, None, {"ids": 5}, {"filter": [1]}, {"ids": {}}])
def test_an_entry_that_was_written_by_hand_is_shown(client: Client, what: Any) -> None:
    entry = an_entry()
    query("UPDATE pgjobs_journal SET what = %s::jsonb", json.dumps(what))
    assert shown(client, at("journal"))
    assert shown(client, at("entry", entry.pk))


def test_values_of_hidden_keys_are_not_shown(client: Client) -> None:
    hidden = {"password": "hunter2"}
    entry = an_entry(what={"filter": {"arg": hidden}}, options=hidden)
    for page in (at("journal"), at("entry", entry.pk)):
        assert "hunter2" not in shown(client, page)


def test_text_of_an_entry_is_escaped(client: Client) -> None:
    entry = an_entry(
        who=HOSTILE, verb=HOSTILE[:40], subject=HOSTILE, error=HOSTILE, what={HOSTILE: HOSTILE}
    )
    for page in (at("journal"), at("journal", who=HOSTILE), at("entry", entry.pk)):
        assert "<script>window" not in shown(client, page)


@pytest.mark.parametrize("key", ["9" * 24, "9" * 4301, "%00", "x", "987654"])
def test_an_entry_that_does_not_exist_is_not_found(key: str, client: Client) -> None:
    assert client.get(f"/jobs/journal/{key}/").status_code == 404
    assert client.post(f"/jobs/journal/{key}/stop/").status_code == 404


def test_a_bulk_action_shows_its_progress_and_is_stopped(client: Client) -> None:
    entry = an_entry(verb="retry", state="running", ended=None, counted=8, done=3, refused=1)
    html = shown(client, at("entry", entry.pk))
    assert 'value="50"' in html
    assert 'data-pgj-every="1"' in html
    (said,) = order(client, "stop-action", entry.pk)
    assert said.startswith("The action is stopped.")
    assert order(client, "stop-action", entry.pk) == ["The action has ended already."]
    assert journalled()[-1] == ("staff", "cancel action", str(entry.pk), 1)
    assert "data-pgj-every" not in shown(client, at("entry", entry.pk))


def test_a_bulk_action_is_stopped_by_users_who_may_start_it(client: Client) -> None:
    entry = an_entry(verb="delete", state="running", ended=None)
    assert at("stop-action", entry.pk) not in shown(client, at("entry", entry.pk))
    assert client.post(at("stop-action", entry.pk)).status_code == 403
    entry.refresh_from_db()
    assert entry.state == "running"
