"""Refusals of ``enqueue()``: clear, and before any row exists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, transaction
from django.db.models import F
from django.utils.functional import SimpleLazyObject

from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job, JobsMixin
from tests.apps.testapp.jobs import Noop, plain_function
from tests.apps.testapp.models import Country, Device, Note, Site
from tests.support.moments import IN_2030
from tests.support.rows import a_site
from tests.support.sql import query

pytestmark = pytest.mark.django_db


class Number(int):
    """A whole number that is not exactly an ``int``."""


class Unshowable(int):
    def __repr__(self) -> str:
        raise RuntimeError("no")


class Composite(JobsMixin):
    """An object whose key is two columns, as Django's CompositePrimaryKey shows it."""

    pk = (1, 2)

    class Meta:
        app_label = "testapp"
        managed = False

    def __str__(self) -> str:
        return "composite"


def saved(instance: Any) -> Any:
    """Mark ``instance`` as saved, although no table could hold it."""
    instance._state.adding = False
    return instance


def nested(depth: int) -> Any:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


EAST = timezone(timedelta(hours=2))
CYCLE: dict[str, Any] = {}
CYCLE["again"] = CYCLE

BAD_ARGUMENTS: list[tuple[dict[str, Any], list[str]]] = [
    ({"schedule_at": IN_2030, "immediate": True}, ["schedule_at and immediate"]),
    ({"schedule_at": datetime(2030, 1, 31)}, ["schedule_at", "2030-01-31T00:00:00", "time zone"]),
    ({"schedule_at": "tomorrow"}, ["schedule_at", "'tomorrow'"]),
    ({"schedule_at": datetime(1, 1, 1, tzinfo=EAST)}, ["schedule_at", "0001-01-01", "+02:00"]),
    ({"schedule_at": datetime(9999, 12, 31, tzinfo=UTC)}, ["schedule_at", "9999-12-31"]),
    (
        {"schedule_at": datetime(9998, 12, 31, tzinfo=UTC), "interval": 1440},
        ["schedule_at", "interval=1440", "before 9998-12-31"],
    ),
    ({"interval": 0}, ["interval", "not 0"]),
    ({"interval": -60}, ["interval", "not -60"]),
    ({"interval": 1.5}, ["interval", "not 1.5"]),
    ({"interval": 2**31}, ["interval", "not 2147483648"]),
    ({"interval": True}, ["interval", "not True"]),
    ({"queue_name": "hihg"}, ["queue_name", "'hihg'", "high, default, low"]),
    ({"name": "Mine"}, ["name", "'Mine'", "Noop"]),
    ({"user": User(username="new")}, ["user", "new"]),
    ({"user": 7}, ["user", "7"]),
    ({"notifications": "sometimes"}, ["notifications", "'sometimes'", "on_failure"]),
    ({"priority": 32768}, ["priority", "32768"]),
    ({"priority": "high"}, ["priority", "'high'"]),
    ({"timeout": 0}, ["timeout", "0"]),
    ({"job_timeout": "1m"}, ["timeout", "'1m'"]),
    ({"max_attempts": 0}, ["max_attempts", "0"]),
    ({"meta": "trace"}, ["meta", "'trace'"]),
    ({"meta": {"at": object()}}, ["meta['at']", "object"]),
    ({"rows": [1, {"x": {1, 2}}]}, ["kwargs['rows'][1]['x']", "{1, 2}", "set"]),
    ({"depends_on": 5}, ["depends_on=5", "RQ"]),
    ({"self": 5}, ["self=5", "Noop.run()"]),
    ({"user": Site(pk=1, name="new")}, ["user", "auth.User", "Site"]),
    ({"user": User(pk=1)}, ["user", "saved auth.User"]),
    ({"user": saved(User(pk="abc"))}, ["user", "saved auth.User", "'abc'"]),
    ({"user": saved(User(pk="1\x00"))}, ["user", "saved auth.User"]),
    ({"user": saved(User(pk=10**30))}, ["user", "saved auth.User"]),
    ({"user": saved(User(pk=F("pk")))}, ["user", "saved auth.User", "F(pk)"]),
    ({"interval": Number(0)}, ["interval", "not 0"]),
    ({"interval": Unshowable(0)}, ["interval", "Unshowable"]),
    ({"user": Unshowable()}, ["user", "Unshowable"]),
    ({"queue_name": Unshowable(1)}, ["queue_name", "Unshowable"]),
    ({"when": [Unshowable.mro]}, ["kwargs['when'][0]", "builtin"]),
    ({"x": 10**4300}, ["kwargs['x']", "4300 digits"]),
    ({"x": -(10**5000)}, ["kwargs['x']", "4300 digits"]),
    ({"x": nested(101)}, ["kwargs['x'][0]", "deeper than 100"]),
    ({"x": CYCLE}, ["kwargs['x']['again']", "holds itself"]),
    ({"meta": CYCLE}, ["meta['again']", "holds itself"]),
    ({"schedule_at": datetime.min.replace(tzinfo=EAST)}, ["schedule_at", "0001-01-01"]),
    ({"instance": SimpleLazyObject(lambda: "Lund")}, ["instance", "'Lund'"]),
    ({"instance": saved(Country(code="c" * 256))}, ["instance", "256 characters"]),
    ({"instance": saved(Country(code="c\x00"))}, ["instance", "NUL"]),
    ({"instance": saved(Composite())}, ["instance", "testapp.Composite", "(1, 2)"]),
    ({"instance": Site(name="new")}, ["instance", "testapp.Site", "never saved"]),
    ({"instance": Device(name="new")}, ["instance", "testapp.Device", "never saved"]),
    ({"instance": "Lund"}, ["instance", "'Lund'"]),
]

IN_NETBOXS_ORDER: list[dict[str, Any]] = [
    {"schedule_at": IN_2030, "immediate": True},
    {"instance": Site(name="new")},
    {"queue_name": "hihg"},
    {"interval": 0},
    {"name": "Mine"},
    {"notifications": "sometimes"},
    {"callback": print},
]


@pytest.mark.parametrize(("arguments", "words"), BAD_ARGUMENTS)
def test_a_refusal_names_the_argument_and_its_value_and_leaves_no_row(
    arguments: dict[str, Any], words: list[str]
) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        Noop.enqueue(**arguments)

    assert [word for word in words if word not in str(refusal.value)] == []
    assert not Job.objects.exists()


def test_a_refusal_of_a_model_without_jobs_mixin_names_the_mixin() -> None:
    with pytest.raises(InvalidArgument, match=r"testapp\.Note: .*JobsMixin"):
        Noop.enqueue(Note.objects.create(text="x"))


@pytest.mark.parametrize(
    ("name", "words"),
    [("", "not ''"), (7, "not 7"), ("n" * 201, "201"), ("a\0", "NUL"), ("\ud800", "surrogates")],
)
def test_a_refusal_of_a_functions_name_names_the_value(name: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=f"name .*{words}"):
        Job.enqueue(plain_function, name=name)


@pytest.mark.parametrize("call", [Noop.enqueue, Noop.enqueue_once, Noop.get_jobs])
@pytest.mark.parametrize("value", ["lund", Mock(spec=Site)])
def test_what_is_no_model_instance_is_refused_as_the_object(
    call: Callable[..., Any], value: Any
) -> None:
    with pytest.raises(InvalidArgument, match="instance must be a model instance, not"):
        call(value)


def test_a_mock_is_refused_as_a_user_and_as_an_argument() -> None:
    for arguments in ({"user": Mock(spec=User)}, {"given": Mock(spec=Site)}):
        with pytest.raises(InvalidArgument, match="Mock"):
            Noop.enqueue(**arguments)


def test_an_object_whose_key_is_too_long_a_number_is_refused() -> None:
    site = a_site()
    site.pk = 10**5000

    with pytest.raises(InvalidArgument, match="at most 255 characters"):
        Noop.enqueue(site)


def test_a_second_object_is_refused() -> None:
    site = a_site()

    with pytest.raises(InvalidArgument, match=r"instance='rack' was given beside .*Site"):
        Noop.enqueue(site, instance="rack")  # type: ignore[misc]


def test_a_functions_own_job_is_refused_as_an_argument() -> None:
    with pytest.raises(InvalidArgument, match="job=5"):
        Job.enqueue(plain_function, name="Send", job=5)
    with pytest.raises(InvalidArgument, match="job=5"):
        Job.enqueue_many(plain_function, [{"job": 5}], name="Send")


@pytest.mark.parametrize(
    ("jobs", "words"),
    [(None, "jobs must be .*None"), (7, "jobs must be .*7"), ([{"self": 1}], "self=1")],
)
def test_jobs_of_enqueue_many_that_are_wrong_are_refused(jobs: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        Noop.enqueue_many(jobs)

    assert not Job.objects.exists()


def test_a_refusal_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="interval"):
        Noop.enqueue(interval=0)


def test_a_refusal_does_not_break_the_callers_transaction() -> None:
    with transaction.atomic():
        with pytest.raises(InvalidArgument):
            Noop.enqueue(interval=0)
        Noop.enqueue()

    assert Job.objects.count() == 1


@pytest.mark.parametrize(
    ("first", "second"),
    list(pairwise(IN_NETBOXS_ORDER)),
    ids=lambda arguments: next(iter(arguments)),
)
def test_a_refusal_of_several_wrong_arguments_names_the_first_in_netboxs_order(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArgument) as refusal:
        Noop.enqueue(**second, **first)

    assert str(refusal.value).startswith(next(iter(first)))


@pytest.mark.parametrize(
    "enqueue",
    [
        Noop.enqueue,
        Noop.enqueue_once,
        lambda: Noop.enqueue_many([{}, {}]),
        lambda: Noop.enqueue(immediate=True),
    ],
)
def test_a_job_that_a_trigger_keeps_from_being_inserted_is_refused_in_words(
    enqueue: Callable[[], object],
) -> None:
    query(
        "CREATE FUNCTION project_suppress() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RETURN NULL; END $$; "
        "CREATE TRIGGER project_suppress BEFORE INSERT ON pgjobs_job FOR EACH ROW "
        "EXECUTE FUNCTION project_suppress()"
    )
    with pytest.raises(DatabaseError, match="look for a trigger on pgjobs_job"):
        enqueue()
