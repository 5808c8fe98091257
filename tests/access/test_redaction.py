"""Hidden values, in Python and in the view alike."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pgjobs import BackgroundJob, codec, register
from pgjobs.access import MASK, redacted, redacted_arguments
from pgjobs.access.redaction import DEEPEST
from pgjobs.models import RegistryEntry
from pgjobs.registry.hidden import hidden_keys
from tests.apps.testapp.jobs import Charging, Noop, TracingArguments, unlock
from tests.support.rows import a_job, a_site, tell_sql
from tests.support.sql import plan, query, view

pytestmark = pytest.mark.django_db


def nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


VALUES: dict[str, tuple[Any, Any]] = {
    "a plain value": (
        {"n": 1, "full": True, "nothing": None},
        {"n": 1, "full": True, "nothing": None},
    ),
    "a key of REDACT": ({"password": "x"}, {"password": MASK}),
    "a part of a key": ({"db_password_old": "x"}, {"db_password_old": MASK}),
    "another way to write it": (
        {"X-Api-Key": "x", "apiKey": 1, "PASSWORD": [1]},
        {"X-Api-Key": MASK, "apiKey": MASK, "PASSWORD": MASK},
    ),
    "no more than a likeness": ({"tokens": 5, "pass": "ok"}, {"tokens": 5, "pass": "ok"}),
    "a key of Meta.sensitive": ({"card": "1", "Card": {"a": 1}}, {"card": MASK, "Card": MASK}),
    "a pattern of Meta.sensitive": ({"holder_name": "x"}, {"holder_name": MASK}),
    "at any depth": ({"a": [{"b": {"secret": [1, 2]}}]}, {"a": [{"b": {"secret": MASK}}]}),
    "an empty value": ({"secret": None, "card": {}}, {"secret": MASK, "card": MASK}),
    "empty lists and dicts": ({"a": [], "b": {}}, {"a": [], "b": {}}),
    "typed values": (
        {"a": {"$bytes": "eA=="}, "b": {"$model": ["app.site", 7]}},
        {"a": {"$bytes": "eA=="}, "b": {"$model": ["app.site", 7]}},
    ),
    "a wrapped dict": (
        {"a": {"$dict": {"$secret": 1}}, "b": {"$dict": {"$date": "x"}}},
        {"a": {"$dict": {"$secret": MASK}}, "b": {"$dict": {"$date": "x"}}},
    ),
    "a tag that is none": ({"a": {"$password": "x"}}, {"a": {"$password": MASK}}),
    "a key with a newline": (
        {"secret\n": "x", "a\ntoken": "x"},
        {"secret\n": MASK, "a\ntoken": MASK},
    ),
    "another alphabet": (
        {"Пин": "x", "ПИН": "x", "пин": "x"},
        {"Пин": MASK, "ПИН": MASK, "пин": MASK},
    ),
    "depth": ({"a": nested("x", DEEPEST)}, {"a": nested("x", DEEPEST)}),
    "more depth": ({"a": nested("x", DEEPEST + 5)}, {"a": nested(MASK, DEEPEST)}),
}


@pytest.fixture
def with_pin(settings: Any) -> None:
    settings.PGJOBS = {"REDACT": ["*password*", "*secret*", "*token", "*api_key*", "пин"]}


@pytest.mark.parametrize("case", VALUES)
def test_the_values_of_hidden_keys_are_hidden_in_python_and_in_the_view(
    case: str, with_pin: None
) -> None:
    given, shown = VALUES[case]
    job = a_job(job_class=Charging.path, kwargs=given)
    tell_sql()

    assert redacted_arguments(Charging.path, given) == shown
    assert json.loads(view("jobs", job.pk)["arguments"]) == shown


def test_every_type_of_the_codec_stays_readable(settings: Any) -> None:
    settings.PGJOBS = {"REDACT": ["*date*", "*model*", "*decimal*"]}
    given = codec.encode({"a": [date(2026, 1, 2), a_site(), Decimal("1.5")]}, "kwargs")
    job = a_job(kwargs=given)
    tell_sql()

    assert redacted_arguments(Noop.path, given) == given
    assert json.loads(view("jobs", job.pk)["arguments"]) == given


def test_the_types_of_the_codec_are_those_of_the_view() -> None:
    hidden = hidden_keys(None)
    for tag in (*codec.TAGS, "$other"):
        asked = {tag: {"secret": 1}}
        (row,) = query(
            "SELECT pgjobs_redacted(%s::jsonb, '\\$.*|secret', 0) AS it", json.dumps(asked)
        )
        assert (json.loads(row["it"]) == {tag: MASK}) == (tag == "$other")
        assert redacted(asked, hidden) == {tag: {"secret": MASK}}


def test_an_unknown_class_hides_all_arguments() -> None:
    given = {"a": 1, "b": {"c": [1]}}
    job = a_job(job_class="gone.jobs.Job", kwargs=given)
    tell_sql()

    assert redacted_arguments("gone.jobs.Job", given) == {"a": MASK, "b": MASK}
    assert redacted_arguments("gone.jobs.Job", [1, 2]) == [MASK, MASK]
    assert json.loads(view("jobs", job.pk)["arguments"]) == {"a": MASK, "b": MASK}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("x", MASK),
        (5, MASK),
        (True, MASK),
        (None, MASK),
        ([], []),
        (["x", {"a": 1}], [MASK, MASK]),
        ({"$date": "x"}, {"$date": MASK}),
        ({"$dict": "x"}, {"$dict": MASK}),
        ({"$dict": {"$date": "x"}}, {"$dict": {"$date": MASK}}),
        ({"$dict": {"$dict": {"a": 1}}}, {"$dict": {"$dict": MASK}}),
        ({"$dict": {"a": [1]}, "b": 1}, {"$dict": MASK, "b": MASK}),
    ],
)
def test_an_unknown_class_hides_whatever_sql_by_hand_wrote(given: Any, shown: Any) -> None:
    job = a_job(job_class="gone.jobs.Job")
    query("UPDATE pgjobs_job SET kwargs = %s::jsonb WHERE id = %s", json.dumps(given), job.pk)
    tell_sql()

    assert redacted_arguments("gone.jobs.Job", given) == shown
    assert json.loads(view("jobs", job.pk)["arguments"]) == shown


def test_a_class_that_an_older_worker_registered_hides_all_arguments_in_the_view() -> None:
    job = a_job(kwargs={"a": 1})
    RegistryEntry.objects.create(kind="job_class", name=Noop.path, options={"timeout": None})

    assert json.loads(view("jobs", job.pk)["arguments"]) == {"a": MASK}
    assert view("jobs", job.pk)["time_limit"] is None


def test_positional_arguments_are_hidden_by_the_names_of_run() -> None:
    assert redacted_arguments(f"{unlock.__module__}.unlock", ["door", "1234"]) == ["door", MASK]
    assert redacted_arguments(Charging.path, ["a", {"card": 1}]) == ["a", {"card": MASK}]
    assert redacted_arguments(TracingArguments.path, ["a", "b"]) == ["a", "b"]
    assert redacted_arguments(Noop.path, ["one too many"]) == [MASK]


def test_nothing_is_hidden_if_nothing_is_named(settings: Any) -> None:
    settings.PGJOBS = {"REDACT": ()}

    assert redacted({"password": "x", "": 1}, hidden_keys(None)) == {"password": "x", "": 1}


@pytest.mark.parametrize("wrong", ["card", [""], ["_"], [1], ["a\0"], None])
def test_a_wrong_list_of_sensitive_names_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match="sensitive must be a list or tuple of names of arguments"):
        type("Wrong", (BackgroundJob,), {"Meta": type("Meta", (), {"sensitive": wrong})})
    with pytest.raises(TypeError, match="sensitive must be a list or tuple"):
        register(sensitive=wrong)(unlock)


def test_a_query_that_names_no_new_column_does_not_read_the_registry() -> None:
    old = "id, status, name, object, queue, late_by, duration, worker, error, job_class"

    assert "pgjobs_registry" not in plan(f"SELECT {old} FROM pgjobs_jobs")
    assert "pgjobs_registry" not in plan("SELECT count(*) FROM pgjobs_jobs")
    assert "pgjobs_registry" not in plan("SELECT id, running_for, worker FROM pgjobs_running")
    assert "pgjobs_registry" in plan("SELECT arguments FROM pgjobs_jobs")


def test_the_time_limit_is_that_of_the_job_or_the_default(settings: Any) -> None:
    settings.PGJOBS = {"DEFAULT_TIMEOUT": 77}
    own, default = a_job(timeout=5), a_job()
    tell_sql()

    assert view("jobs", own.pk)["time_limit"] == own.time_limit
    assert view("jobs", default.pk)["time_limit"] == default.time_limit


def test_a_function_of_the_reader_sees_no_hidden_value() -> None:
    a_job(kwargs={"password": "hunter2"})
    tell_sql()
    query(
        "CREATE SCHEMA evil; CREATE TABLE evil.caught (value text); "
        "CREATE FUNCTION evil.jsonb_typeof(value jsonb) RETURNS text LANGUAGE sql AS "
        "$$INSERT INTO evil.caught VALUES (value::text); SELECT pg_catalog.jsonb_typeof(value)$$; "
        "SET LOCAL search_path = evil, public, pg_catalog"
    )
    query("SELECT arguments FROM public.pgjobs_jobs")
    query("SET LOCAL search_path = public")

    assert query("SELECT value FROM evil.caught") == []
