"""Refusals of ``enqueue()``: clear, and before any row exists."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import transaction

from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job
from tests.apps.testapp.jobs import Noop, plain_function
from tests.apps.testapp.models import Device, Note, Site
from tests.support.moments import IN_2030

pytestmark = pytest.mark.django_db


EAST = timezone(timedelta(hours=2))

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


@pytest.mark.parametrize(("name", "words"), [("", "not ''"), (7, "not 7"), ("n" * 201, "201")])
def test_a_refusal_of_a_functions_name_names_the_value(name: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=f"name .*{words}"):
        Job.enqueue(plain_function, name=name)


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
