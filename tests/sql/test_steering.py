"""The functions that enqueue and steer jobs from SQL have the effects of Python's methods."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import DatabaseError, transaction

from pgjobs.models import Job, JournalEntry, Pause, RegistryEntry
from pgjobs.rows.columns import GIVEN
from pgjobs.sql import load
from tests.apps.testapp.jobs import Noop, TakesTime
from tests.support.moments import ago
from tests.support.rows import a_job, a_site, tell_sql
from tests.support.sql import query

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known() -> None:
    tell_sql()


def call(function: str, *given: Any, **named: Any) -> Any:
    arguments = ["%s"] * len(given) + [f"{name} => %s" for name in named]
    (row,) = query(f"SELECT {function}({', '.join(arguments)}) AS it", *given, *named.values())
    return row["it"]


def enqueued(function: str = "pgjobs_enqueue", *given: Any, **named: Any) -> Job:
    return Job.objects.get(pk=call(function, *(given or (Noop.path,)), **named))


def columns(job: Job) -> dict[str, Any]:
    job.refresh_from_db()
    row = {field.attname: getattr(job, field.attname) for field in Job._meta.concrete_fields}
    return {name: row[name] for name in [*GIVEN, "epoch", "attempt", "data", "result"]}


def refused(function: str, *given: Any, **named: Any) -> str:
    with pytest.raises(DatabaseError) as raised, transaction.atomic():
        call(function, *given, **named)
    diagnosis = raised.value.__cause__.diag  # type: ignore[union-attr]
    return f"{diagnosis.message_primary} {diagnosis.message_hint or ''}".strip()


# Enqueueing ------------------------------------------------------------------------------


def test_a_job_enqueued_by_sql_is_the_row_that_python_makes() -> None:
    assert columns(enqueued()) == columns(Noop.enqueue())


def test_each_option_has_the_same_effect_as_in_python() -> None:
    site, moment = a_site(), ago(hours=-1)
    user = get_user_model().objects.create(username="ann")
    by_sql = enqueued(
        "pgjobs_enqueue",
        Noop.path,
        '{"full": true}',
        object=f"testapp.site:{site.pk}",
        schedule_at=moment,
        interval_minutes=60,
        queue="high",
        priority=7,
        timeout=30,
        max_attempts=3,
        user_id=str(user.pk),
        notifications="never",
        meta='{"traceparent": "00"}',
    )
    by_python = Noop.enqueue(
        site,
        full=True,
        schedule_at=moment,
        interval=60,
        queue_name="high",
        priority=7,
        timeout=30,
        max_attempts=3,
        user=user,
        notifications="never",
        meta={"traceparent": "00"},
    )

    assert columns(by_sql) == columns(by_python)


def test_letters_of_an_object_have_the_case_that_they_have_in_django() -> None:
    RegistryEntry.objects.create(kind="model", name="Plant.site", options={"queue": "low"})
    ContentType.objects.create(app_label="Plant", model="site")

    assert [enqueued(object=f"Plant.{name}:aB").queue_name for name in ("site", "SITE")] == [
        "low",
        "low",
    ]
    assert Job.objects.first().object_id == "aB"  # type: ignore[union-attr]
    assert "'plant.site' is not known" in refused(
        "pgjobs_enqueue", Noop.path, object="plant.site:1"
    )


def test_an_empty_text_is_one_that_is_not_given_as_in_python() -> None:
    by_sql = enqueued("pgjobs_enqueue", Noop.path, queue="", name="", notifications="")
    by_python = Noop.enqueue(queue_name="", name="", notifications="")

    assert columns(by_sql) == columns(by_python)


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ({"job_class": "no.Such"}, "job_class 'no.Such' is not known"),
        ({"job_class": None}, "job_class NULL is not known"),
        ({"queue": "slow"}, "queue 'slow' is not known"),
        ({"object": "testapp.sight:1"}, "model 'testapp.sight' is not known"),
        ({"object": "testapp.site"}, "object must be written as app.model:key"),
        ({"object": ""}, "object must be written as app.model:key"),
        ({"object": f"testapp.site:{256 * '7'}"}, "object must be written as app.model:key"),
        ({"notifications": 200 * "n"}, "notifications must be always, on_failure or never"),
        ({"queue": 200 * "q"}, "queue 'qqq"),
        (
            {"job_class": f"{Noop.__module__}.plain_function", "name": 201 * "n"},
            "name must be a text",
        ),
        ({"kwargs": "[]"}, "kwargs must be a JSON object, not 'array'"),
        ({"kwargs": None}, "kwargs must be a JSON object, not NULL"),
        (
            {"kwargs": '{"self": 1}'},
            "kwargs must be other arguments than the one",
        ),
        ({"meta": "3"}, "meta must be a JSON object"),
        ({"priority": 40000}, "priority must be a number from -32768 to 32767, not '40000'"),
        ({"timeout": 0}, "timeout must be a number of seconds from 1, not '0'"),
        ({"max_attempts": 0}, "max_attempts must be a number from 1 to 32767"),
        ({"interval_minutes": 0}, "interval_minutes must be a number of minutes from 1"),
        ({"schedule_at": "infinity"}, "schedule_at must be a moment in the years 2 to 9998"),
        ({"notifications": "often"}, "notifications must be always, on_failure or never"),
        ({"name": "Another"}, "name must be 'Noop', the name of its class, or NULL"),
        ({"user_id": "4711"}, "user_id must be the key of a user, not '4711'"),
        ({"user_id": "ann"}, "user_id must be the key of a user, not 'ann'"),
        ({"user_id": "9" * 30}, "user_id must be the key of a user, not '999"),
    ],
)
@pytest.mark.parametrize("function", ["pgjobs_enqueue", "pgjobs_enqueue_once"])
def test_a_wrong_argument_is_refused_with_its_name_and_value(
    function: str, named: dict[str, Any], words: str
) -> None:
    assert words in refused(function, **{"job_class": Noop.path, **named})
    assert not Job.objects.exists()


@pytest.mark.parametrize("function", ["pgjobs_enqueue", "pgjobs_enqueue_once"])
def test_arguments_that_run_does_not_take_are_refused_by_name_and_not_by_value(
    function: str,
) -> None:
    assert (
        refused(function, TakesTime.path, '{"secodns": "hunter2"}')
        == "kwargs must be arguments that run() takes (seconds), not 'secodns'"
    )
    assert refused(function, TakesTime.path, "{}").startswith(
        "kwargs must be all arguments that run() needs, so also seconds, not "
    )
    assert enqueued(function, TakesTime.path, '{"seconds": 1}').kwargs == {"seconds": 1}


def test_a_class_that_only_older_workers_have_told_of_takes_any_arguments() -> None:
    query("UPDATE pgjobs_registry SET options = options - 'parameters'")

    assert enqueued("pgjobs_enqueue", TakesTime.path, '{"other": 1}').kwargs == {"other": 1}


def test_a_refusal_lists_what_is_known() -> None:
    assert Noop.path in refused("pgjobs_enqueue", "no.Such")
    RegistryEntry.objects.all().delete()
    assert "Start one: manage.py pgjobs_worker" in refused("pgjobs_enqueue", Noop.path)


def test_each_statement_that_inserts_names_the_columns_that_an_enqueuer_gives() -> None:
    def of(name: str) -> set[str]:
        text = load(f"functions/{name}")
        inserted = text.partition("INSERT INTO pgjobs_job (")[2].partition(")")[0]
        return {column.strip() for column in inserted.split(",")}

    assert of("enqueue_once") == set(GIVEN)
    assert of("enqueue") == set(GIVEN) - {"once_key"}


# Once ------------------------------------------------------------------------------------


def test_once_makes_one_job_and_returns_it_again() -> None:
    site = a_site()
    named = {"object": f"testapp.site:{site.pk}", "interval_minutes": 60}
    first = enqueued("pgjobs_enqueue_once", Noop.path, **named)

    assert call("pgjobs_enqueue_once", Noop.path, **named) == first.pk
    assert Noop.enqueue_once(site, interval=60) == first
    assert Job.objects.count() == 1


def test_once_with_another_rule_replaces_a_waiting_job() -> None:
    first = enqueued("pgjobs_enqueue_once", Noop.path, interval_minutes=60)
    second = enqueued("pgjobs_enqueue_once", Noop.path, interval_minutes=30)

    assert list(Job.objects.values_list("pk", "interval")) == [(second.pk, 30)]
    assert first != second


def test_once_gives_a_running_job_the_successor_that_python_gives_it() -> None:
    def running_job() -> Job:
        Job.objects.all().delete()
        return a_job("running", once_key=Noop.path, interval=60)

    moment = ago(hours=-1)
    by_sql = running_job()
    held = call(
        "pgjobs_enqueue_once", Noop.path, '{"a": 1}', interval_minutes=30, schedule_at=moment
    )
    assert held == by_sql.pk
    by_sql.refresh_from_db()

    by_python = running_job()
    assert Noop.enqueue_once(a=1, interval=30, schedule_at=moment) == by_python
    by_python.refresh_from_db()

    scheduled = [
        datetime.fromisoformat(job.successor.pop("scheduled")) for job in (by_sql, by_python)
    ]
    assert scheduled == [moment, moment]
    assert {"user_id": None, **by_sql.successor} == {"user_id": None, **by_python.successor}


def test_once_keeps_an_interval_that_the_successor_has_already() -> None:
    running = a_job("running", once_key=Noop.path, interval=60, successor={"interval": 30})

    assert call("pgjobs_enqueue_once", Noop.path, interval_minutes=30) == running.pk
    running.refresh_from_db()
    assert running.successor == {"interval": 30}


def test_freeing_a_place_is_one_statement_for_python_and_sql() -> None:
    def text(name: str) -> str:
        return " ".join(load(name).split())

    assert text("replace").replace("%(id)s", "holder") in text("functions/free_place")


# Steering --------------------------------------------------------------------------------


def test_cancelling_ends_waiting_jobs_and_tells_running_ones_to_stop() -> None:
    waiting, running = a_job("scheduled", interval=5), a_job("running", interval=5)
    done = a_job("completed")

    assert call("pgjobs_cancel", waiting.pk, running.pk, done.pk, 4711) == 2

    waiting.refresh_from_db()
    assert (waiting.status, waiting.completed is None, waiting.interval) == ("cancelled", False, 5)
    running.refresh_from_db()
    assert (running.status, running.cancel_requested is None, running.interval) == (
        "running",
        False,
        None,
    )


def test_retrying_makes_the_row_that_python_makes() -> None:
    def row(job: Job) -> dict[str, Any]:
        job.refresh_from_db()
        values = {field.attname: getattr(job, field.attname) for field in Job._meta.concrete_fields}
        return {
            name: bool(value) if isinstance(value, datetime) or name == "position" else value
            for name, value in values.items()
            if name != "id"
        }

    for status in ("completed", "errored", "failed", "cancelled"):
        columns = {"interval": 5, "attempt": 2, "error": "E", "progress": {"done": 1}}
        by_sql, by_python = a_job(status, **columns), a_job(status, **columns)
        assert call("pgjobs_retry", by_sql.pk) == 1
        assert by_python.retry()
        assert row(by_sql) == row(by_python)


def test_a_retry_leaves_jobs_whose_place_is_taken() -> None:
    a_job(once_key="a")
    taken, older, newer, free, live = (
        a_job("failed", once_key="a"),
        a_job("failed", once_key="b"),
        a_job("failed", once_key="b"),
        a_job("failed"),
        a_job(),
    )

    assert call("pgjobs_retry", *(job.pk for job in (taken, newer, older, free, live))) == 2
    pending = Job.objects.filter(status="pending").values_list("pk", flat=True)
    assert {newer.pk, free.pk} <= set(pending)
    assert not {taken.pk, older.pk} & set(pending)


def test_pausing_and_resuming_say_whether_they_changed_something() -> None:
    assert [call("pgjobs_pause", "low"), call("pgjobs_pause", "low")] == [True, False]
    assert call("pgjobs_pause", job_class=Noop.path)
    assert set(Pause.objects.values_list("kind", "name")) == {
        ("queue", "low"),
        ("job_class", Noop.path),
    }
    assert [call("pgjobs_resume", "low"), call("pgjobs_resume", "low")] == [True, False]
    assert call("pgjobs_resume", job_class=Noop.path)
    assert not Pause.objects.exists()


def test_pausing_what_does_not_exist_is_refused() -> None:
    assert "queue 'slow' is not known" in refused("pgjobs_pause", "slow")
    assert "job_class 'no.Such' is not known" in refused("pgjobs_pause", job_class="no.Such")
    assert "given a queue or a job class" in refused("pgjobs_pause")
    assert "given a queue or a job class" in refused("pgjobs_resume", "low", Noop.path)


def test_a_trigger_that_keeps_a_job_away_is_told() -> None:
    query(
        "CREATE FUNCTION keep_away() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN RETURN NULL; END'; CREATE TRIGGER keep_away BEFORE INSERT ON pgjobs_job "
        "FOR EACH ROW EXECUTE FUNCTION keep_away()"
    )
    for function in ("pgjobs_enqueue", "pgjobs_enqueue_once"):
        assert "trigger on pgjobs_job" in refused(function, Noop.path)


# Journal ---------------------------------------------------------------------------------


def test_steering_is_journalled_with_the_role_and_what_has_changed() -> None:
    waiting, failed = a_job(), a_job("failed")
    call("pgjobs_cancel", waiting.pk, 4711)
    call("pgjobs_retry", failed.pk)
    call("pgjobs_pause", "low")
    call("pgjobs_resume", "low")

    (role,) = query("SELECT session_user AS name")
    entries = JournalEntry.objects.order_by("pk")
    assert {(entry.who, entry.surface, entry.state) for entry in entries} == {
        (role["name"], "sql", "done")
    }
    assert [(e.verb, e.subject, e.what, e.counted, e.done) for e in entries] == [
        ("cancel", "", {"ids": [waiting.pk, 4711]}, 2, 1),
        ("retry", "", {"ids": [failed.pk]}, 1, 1),
        ("pause", "low", {}, 1, 1),
        ("resume", "low", {}, 1, 1),
    ]


def test_what_changes_nothing_and_what_enqueues_is_not_journalled() -> None:
    call("pgjobs_cancel", 4711)
    call("pgjobs_retry", 4711)
    call("pgjobs_resume", "low")
    call("pgjobs_enqueue", Noop.path)
    call("pgjobs_enqueue_once", Noop.path)

    assert not JournalEntry.objects.exists()


def test_an_entry_about_many_jobs_keeps_some_ids_and_counts_the_others() -> None:
    job = a_job()
    query("SELECT pgjobs_cancel(VARIADIC %s::bigint[])", [*range(-1500, 0), job.pk])

    entry = JournalEntry.objects.get()
    assert (len(entry.what["ids"]), entry.what["more"]) == (1000, 501)
    assert (entry.counted, entry.done) == (1501, 1)


def test_a_bulk_action_is_cancelled_once() -> None:
    action = JournalEntry.objects.create(
        who="ann", surface="command", verb="retry", state="running", ended=None
    )

    assert [call("pgjobs_cancel_action", action.pk) for _ in range(2)] == [True, False]
    action.refresh_from_db()
    assert (action.state, action.ended is None) == ("cancelled", False)
    assert JournalEntry.objects.get(verb="cancel action").subject == str(action.pk)


# Rights ----------------------------------------------------------------------------------


def test_a_function_that_acts_in_its_owners_rights_is_closed_and_has_a_fixed_search_path() -> None:
    functions = query(
        "SELECT oid::regprocedure::text AS name, proconfig, "
        "has_function_privilege('public', oid, 'execute') AS is_open "
        "FROM pg_proc WHERE proname LIKE 'pgjobs%' AND prosecdef"
    )

    assert len(functions) == 16
    assert {row["is_open"] for row in functions} == {False}
    assert all("search_path=public, pg_temp" in row["proconfig"] for row in functions)
