"""Jobs over REST: pages, one job, enqueueing, steering, and the journal of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pgjobs.models import Job, JobLogEntry, JournalEntry
from tests.api.asking import JOBS, got, sent
from tests.apps.testapp.jobs import Charging, Noop
from tests.support.rows import a_failure, a_job, a_site, a_worker
from tests.support.sql import query

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.urls")]

# Looking ----------------------------------------------------------------------------------


def test_a_list_shows_jobs_in_the_shapes_of_netbox(operator: Client) -> None:
    site = a_site()
    user = User.objects.get()
    job = a_job("errored", error="boom\nand more", object=site, user=user, worker=a_worker())

    (seen,) = got(operator, JOBS)["results"]

    assert seen["id"] == seen["job_id"] == job.pk
    assert seen["status"] == {"value": "errored", "label": "Errored"}
    assert seen["notifications"] == {"value": "always", "label": "Always"}
    assert seen["url"] == f"http://testserver{JOBS}{job.pk}/"
    assert seen["display_url"].endswith(f"/admin/pgjobs/job/{job.pk}/change/")
    assert seen["object_type"] == "testapp.site"
    assert seen["object"] == {"id": str(site.pk), "display": "Lund"}
    assert seen["user"] == {"id": user.pk, "display": "staff", "username": "staff"}
    assert seen["execution_time"] == pytest.approx(60, abs=1)
    assert seen["error"] == "boom"


def test_a_job_shows_what_a_list_leaves_out(operator: Client) -> None:
    job = a_job("errored", error="boom\nand more", kwargs={"a": 1}, errors=[a_failure()])
    JobLogEntry.objects.create(job=job, timestamp=timezone.now(), level="info", message="a line")

    seen = got(operator, f"{JOBS}{job.pk}/")

    assert (seen["error"], seen["kwargs"], len(seen["errors"])) == ("boom\nand more", {"a": 1}, 1)
    assert got(operator, f"{JOBS}{job.pk}/why/")[0]["reason"] == "finished"
    assert got(operator, f"{JOBS}{job.pk}/logs/")["results"][0]["message"] == "a line"


def test_pages_follow_each_other_without_a_gap_while_jobs_come(operator: Client) -> None:
    jobs = [a_job().pk for _ in range(7)]
    page, seen = got(operator, f"{JOBS}?limit=3"), []
    assert "count" not in page

    while True:
        a_job()
        seen += [job["id"] for job in page["results"]]
        if page["next"] is None:
            break
        page = got(operator, page["next"])

    assert seen == jobs[::-1]
    assert [job["id"] for job in got(operator, page["previous"])["results"]] == jobs[1:4][::-1]


def test_the_number_of_queries_does_not_grow_with_the_page(operator: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            got(operator, JOBS)
        return len(captured)

    user = User.objects.get()
    few = [a_job("running", object=a_site(), user=user, worker=a_worker())]
    got(operator, JOBS)  # Django remembers content types
    first = queries()
    few += [a_job("running", object=a_site(), user=user, worker=a_worker()) for _ in range(30)]

    # Session, user and two of permissions; a savepoint with its limit and the old one; the jobs,
    # their figures, and the sites, in a savepoint.
    assert queries() == first <= 14


def test_hidden_values_are_nowhere_in_the_answers(operator: Client) -> None:
    secret = "4111-1111"
    job = a_job(
        "errored",
        job_class=Charging.path,
        kwargs={"card": secret, "password": secret, "shown": "yes"},
        data={"token": secret},
        meta={"api_key": secret},
        result={"card": secret},
        errors=[{"password": secret}],
    )

    answers = [operator.get(f"{JOBS}{path}") for path in ("", f"{job.pk}/", f"{job.pk}/why/")]

    assert not any(secret in answer.content.decode() for answer in answers)
    assert got(operator, f"{JOBS}{job.pk}/")["kwargs"]["shown"] == "yes"
    found = got(operator, f"{JOBS}?job_class={Charging.path}&arg=card={secret}", 400)
    assert "redacted" in json.dumps(found)


def test_numbers_that_json_does_not_have_come_as_texts(operator: Client) -> None:
    job = a_job()
    query(f"""UPDATE pgjobs_job SET data = '{{"x": {"9" * 400}.5}}' WHERE id = {job.pk}""")

    assert got(operator, f"{JOBS}{job.pk}/")["data"] == {"x": "inf"}


# Filters ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "filters",
    [
        "status=errored&status=failed",
        "queue_name=low",
        "job_class=Charging",
        "worker={worker}",
        "object=testapp.site:{site}",
        "user_id={user}",
        "since=1h&error=BOOM",
        "ended=1h&queue_name=low",
        'arg=invoice=7&arg=deep={{"a": 1}}&job_class=Charging',
        "id={job}&id=99999",
        "failure=builtins.ValueError",
        "failure=builtins.ValueError@a.b",
    ],
)
def test_a_filter_finds_the_job_and_no_other(filters: str, operator: Client) -> None:
    a_job(kwargs={"invoice": "8"})
    a_job("completed")
    user, site, worker = User.objects.create_user("other"), a_site(), a_worker()
    job = a_job(
        "errored",
        job_class=Charging.path,
        queue_name="low",
        worker=worker,
        user=user,
        object=site,
        error="so boom.",
        kwargs={"invoice": 7, "deep": {"a": 1}},
        errors=[a_failure(frame="a.b")],
    )
    filled = filters.format(worker=worker.pk, site=site.pk, user=user.pk, job=job.pk)

    assert [seen["id"] for seen in got(operator, f"{JOBS}?{filled}")["results"]] == [job.pk]


@pytest.mark.parametrize(
    "filters",
    [
        "stauts=errored",
        "status=",
        "status=gone",
        "queue_name=",
        "queue_name=%20",
        "queue_name=low&queue_name=high",
        "queue_name=a%00",
        "id=x",
        "id=9223372036854775808",
        f"id={'9' * 5000}",
        "id=-1",
        "worker=1e3",
        "worker=9223372036854775808",
        "user_id=x",
        "object=site",
        "object=no.such:1",
        "object=testapp.site:x",
        "since=yesterday",
        f"since={'9' * 30}d",
        "ended=0001-01-01T00:00:00%2B14:00x",
        "attempt=%3E99999",
        "arg=x",
        "arg=a=%00",
        "job_class=NoSuchClass",
        "limit=0",
        "limit=501",
        "limit=x",
        f"limit={'9' * 5000}",
        "limit=",
        "offset=5",
        "id__in=1,2",
    ],
)
def test_a_filter_that_is_no_filter_is_refused_by_name(filters: str, operator: Client) -> None:
    a_job()

    assert got(operator, f"{JOBS}?{filters}", 400)


def test_a_moment_in_a_zone_that_postgresql_does_not_read_is_that_moment(
    operator: Client,
) -> None:
    job = a_job(created=datetime(2026, 1, 1, 12, tzinfo=UTC))
    a_job(created=datetime(2026, 1, 1, 11, tzinfo=UTC))

    found = got(operator, f"{JOBS}?since=2026-01-02T11:45:00%2B23:59")["results"]

    assert [each["id"] for each in found] == [job.pk]
    assert got(operator, f"{JOBS}?since=0001-01-01T00:00:00%2B23:59", 400)


@pytest.mark.parametrize("user", ["9223372036854775808", "9" * 400])
def test_a_user_key_that_no_user_has_finds_no_job(user: str, operator: Client) -> None:
    a_job(user=User.objects.get())

    assert got(operator, f"{JOBS}?user_id={user}")["results"] == []


@pytest.mark.parametrize(
    "cursor", ["x", "cD14", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OQ==", "", "bz05OTk5OTk=", "%00", "cj0x"]
)
def test_a_cursor_that_no_page_gave_is_not_found(cursor: str, operator: Client) -> None:
    assert got(operator, f"{JOBS}?cursor={cursor}", 404)


@pytest.mark.parametrize("key", ["x", "9223372036854775808", "9" * 5000, "-1", "1.5", "%00"])
def test_a_key_that_no_job_has_is_not_found(key: str, operator: Client) -> None:
    assert "There is no job" in got(operator, f"{JOBS}{key}/", 404)["detail"]


def test_a_list_that_takes_too_long_says_so(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgjobs.api.errors.LONGEST_QUERY", 20)
    a_job()
    query(
        "CREATE FUNCTION slow(text) RETURNS text LANGUAGE sql AS "
        "'SELECT $1 FROM (SELECT pg_sleep(5)) AS slept'; "
        "ALTER TABLE pgjobs_job RENAME TO slow_job; "
        "CREATE VIEW pgjobs_job AS SELECT * FROM slow_job WHERE slow(name) IS NOT NULL"
    )

    assert "Narrow the filters" in got(operator, JOBS, 400)["detail"]
    assert query("SHOW statement_timeout") == [{"statement_timeout": "0"}]


# Enqueueing -------------------------------------------------------------------------------


def test_a_launchable_class_is_enqueued_with_its_user_and_in_the_journal(operator: Client) -> None:
    site = a_site()
    operator_user = User.objects.get()
    operator_user.is_superuser = True  # may view sites
    operator_user.save()

    response = operator.post(
        JOBS,
        {
            "job_class": Charging.path,
            "kwargs": {"card": "4111", "amount": 3},
            "object_type": "testapp.site",
            "object_id": str(site.pk),
            "queue_name": "low",
            "schedule_at": "2100-01-01T00:00:00Z",
            "priority": 5,
        },
        "application/json",
    )

    assert response.status_code == 201, response.content
    job, seen = Job.objects.get(), response.json()
    assert response["Location"] == seen["url"]
    assert (job.object, job.queue_name, job.status, job.priority) == (site, "low", "scheduled", 5)
    assert job.kwargs == {"card": "4111", "amount": 3}
    assert seen["kwargs"] == {"card": "[redacted]", "amount": 3}
    assert seen["user"]["username"] == "staff"
    entry = JournalEntry.objects.get()
    assert (entry.verb, entry.who, entry.surface, entry.done) == ("enqueue", "staff", "rest", 1)
    assert "4111" not in json.dumps([entry.what, entry.options])


def test_a_second_job_for_a_place_is_the_first(operator: Client) -> None:
    body = {"job_class": Charging.path, "once": True}

    first, second = (sent(operator, JOBS, body, 201) for _ in range(2))

    assert first["id"] == second["id"]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"job_class": Noop.path}, "job_class"),
        ({"job_class": "os.system"}, "job_class"),
        ({"kwarg": {}}, "kwarg"),
        ({"kwargs": []}, "kwargs"),
        ({"kwargs": {"a": "\x00"}}, "NUL"),
        ({"kwargs": {"a\x00": 1}}, "NUL"),
        ({"queue_name": "nowhere"}, "queue_name"),
        ({"queue_name": "a\x00"}, "queue_name"),
        ({"priority": 10**20}, "priority"),
        ({"timeout": 0}, "timeout"),
        ({"interval": -1}, "interval"),
        ({"max_attempts": "x"}, "max_attempts"),
        ({"schedule_at": "0001-01-01T00:00:00+23:59"}, "schedule_at"),
        ({"schedule_at": "9999-12-31T23:59:59-23:59"}, "schedule_at"),
        ({"notifications": "often"}, "notifications"),
        ({"name": "other"}, "name"),
        ({"object_type": "testapp.site"}, "object_id"),
        ({"object_type": "testapp.site", "object_id": "1"}, "object_id"),
        ({"object_type": "no.such", "object_id": "1"}, "object_type"),
    ],
)
def test_a_wrong_argument_is_refused_by_name(
    change: dict[str, Any], names: str, operator: Client
) -> None:
    refused = sent(operator, JOBS, {"job_class": Charging.path, **change}, 400)

    assert names in json.dumps(refused)
    assert not Job.objects.exists()
    assert not JournalEntry.objects.exists()


def test_an_object_of_a_model_without_a_table_is_refused() -> None:
    root = Client()
    root.force_login(User.objects.create_superuser("root"))
    query("ALTER TABLE testapp_site RENAME TO moved")
    body = {"job_class": Charging.path, "object_type": "testapp.site", "object_id": "1"}

    refused = sent(root, JOBS, body, 400)

    assert refused == {"object_id": ["There is no such testapp.Site, or you may not view it."]}


@pytest.mark.parametrize(
    "text",
    [
        '{"job_class": "%s", "kwargs": {"a": NaN}}',
        '{"job_class": "%s", "kwargs": {"a": 1e999}}',
        '{"job_class": "%s", "kwargs": {"a": "\\ud800"}}',
        '{"job_class": "%s", "kwargs": {"\\ud800": 1}}',
        '{"job_class": "%s", "\\ud800": 1}',
        '{"job_class": "\\ud800"}',
        '{"job_class": "%s", "notifications": "\\ud800"}',
        '{"job_class": "%s", "kwargs": {"a": ' + "9" * 5000 + "}}",
        '{"job_class": "%s", "kwargs": {"a": ' + "[" * 200 + "]" * 200 + "}}",
        "[" * 100_000,
        "\xff",
        "[]",
        "null",
        '"x"',
        "",
    ],
    ids=range(15),
)
def test_json_that_no_job_can_hold_is_refused(text: str, operator: Client) -> None:
    body = text.replace("%s", Charging.path).encode("latin-1")

    response = operator.generic("POST", JOBS, body, "application/json")

    assert response.status_code == 400, response.content
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "kind",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"],
)
def test_a_body_that_is_no_json_is_refused(kind: str, operator: Client) -> None:
    assert operator.generic("POST", JOBS, b"job_class=x", kind).status_code == 415


@pytest.mark.parametrize("charset", ["utf-16", "rot13", "base64", "no-such"])
def test_the_charset_of_json_is_always_utf_8(charset: str, operator: Client) -> None:
    body = json.dumps({"job_class": Charging.path}).encode()

    kind = f"application/json; charset={charset}"
    assert operator.generic("POST", JOBS, body, kind).status_code == 201


# Steering ---------------------------------------------------------------------------------


def test_a_verb_changes_a_job_or_says_why_not(operator: Client) -> None:
    job = a_job()

    assert sent(operator, f"{JOBS}{job.pk}/cancel/", {})["status"]["value"] == "cancelled"
    assert "has finished" in sent(operator, f"{JOBS}{job.pk}/cancel/", {}, 409)["detail"]
    assert sent(operator, f"{JOBS}{job.pk}/retry/", {})["status"]["value"] == "pending"
    assert "has not finished" in sent(operator, f"{JOBS}{job.pk}/retry/", {}, 409)["detail"]
    refused = operator.delete(f"{JOBS}{job.pk}/")
    assert (refused.status_code, "Cancel it before" in refused.json()["detail"]) == (409, True)
    Job.objects.cancel()
    assert operator.delete(f"{JOBS}{job.pk}/").status_code == 204
    assert list(JournalEntry.objects.order_by("pk").values_list("verb", "done")) == [
        ("cancel", 1),
        ("retry", 1),
        ("delete", 1),
    ]


@pytest.mark.parametrize("code", ["P0001", "53400"])
def test_a_refusal_of_a_trigger_is_a_conflict(operator: Client, code: str) -> None:
    job = a_job("completed")
    query(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$BEGIN RAISE EXCEPTION 'kept for the audit' USING ERRCODE = '{code}'; END$$; "
        "CREATE TRIGGER refuse BEFORE DELETE ON pgjobs_job FOR EACH ROW EXECUTE FUNCTION refuse()"
    )

    answer = operator.delete(f"{JOBS}{job.pk}/")

    assert (answer.status_code, "kept for the audit" in answer.json()["detail"]) == (409, True)


def test_a_bulk_verb_counts_what_it_changes(operator: Client) -> None:
    failed, waiting = a_job("failed"), a_job()
    body = {"verb": "retry", "ids": [failed.pk, waiting.pk, 10**12]}

    answer = sent(operator, f"{JOBS}bulk/", body)

    entry = JournalEntry.objects.get()
    address = f"http://testserver/api/pgjobs/journal/{entry.pk}/"
    assert answer == {
        "matched": 2,
        "changed": 1,
        "refused": 0,
        "state": {"value": "done", "label": "Done"},
        "journal": address,
        "note": None,
    }
    assert (entry.verb, entry.who, entry.surface, entry.done) == ("retry", "staff", "rest", 1)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"verb": "delete"},
        {"verb": "delete", "ids": []},
        {"verb": "delete", "filter": {}},
        {"verb": "delete", "filter": {"stauts": ["errored"]}},
        {"verb": "delete", "filter": {"status": []}},
        {"verb": "delete", "filter": {"queue_name": " "}},
        {"verb": "delete", "filter": {"queue_name": ""}},
        {"verb": "delete", "filter": {"user_id": "x"}},
        {"verb": "delete", "filter": {"arg": ["x"]}},
        {"verb": "delete", "filter": {"error": "\ud800"}},
        {"verb": "delete", "filter": {"status": ["\ud800"]}},
        {"verb": "\ud800", "ids": [1]},
        {"verb": "delete", "ids": [1], "filter": {"status": ["errored"]}},
        {"verb": "delete", "ids": [2**63]},
        {"verb": "delete", "ids": list(range(10_001))},
        {"verb": "explode", "ids": [1]},
        {"verb": "delete", "id": [1]},
    ],
    ids=range(18),
)
def test_a_bulk_verb_without_clear_jobs_changes_none(body: Any, operator: Client) -> None:
    a_job("errored")

    sent(operator, f"{JOBS}bulk/", body, 400)

    assert Job.objects.filter(status="errored").exists()


def test_a_bulk_verb_for_too_many_jobs_changes_none(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pgjobs.api.many.MOST_AT_ONCE", 1)
    a_job("errored"), a_job("errored")

    refused = sent(
        operator, f"{JOBS}bulk/", {"verb": "retry", "filter": {"status": ["errored"]}}, 400
    )

    assert "More than 1 jobs match" in refused[0]
    assert Job.objects.filter(status="errored").count() == 2


@pytest.mark.parametrize("method", ["get", "put", "patch", "options"])
def test_no_other_method_changes_a_job(method: str, operator: Client) -> None:
    job = a_job()

    assert getattr(operator, method)(f"{JOBS}{job.pk}/cancel/").status_code == 405
    assert Job.objects.get().status == "pending"


def test_a_session_needs_the_csrf_token_to_change_a_job() -> None:
    from tests.support.staff import signed_in

    client, job = signed_in("change_job", enforce_csrf_checks=True), a_job()

    assert client.post(f"{JOBS}{job.pk}/cancel/", {}, "application/json").status_code == 403
    assert Job.objects.get().status == "pending"
