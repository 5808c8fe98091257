"""Arguments keep their types in the row, or are refused with their path."""

from __future__ import annotations

import json
import math
import traceback
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st

from pgjobs.choices import JobInterval, JobStatus
from pgjobs.codec import decode, encode
from pgjobs.exceptions import BadArguments, NotSerializable
from tests.apps.testapp.models import Country, Device, Site

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
zones = st.builds(lambda minutes: timezone(timedelta(minutes=minutes)), st.integers(-840, 840))
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.dates(),
    st.times(),
    st.datetimes(),
    st.datetimes(timezones=zones),
    st.timedeltas(),
    st.decimals(allow_nan=False),
    st.uuids(),
    st.binary(),
)
keys = texts | st.sampled_from(["$date", "$model", "$dict", "$", "$unknown"])
arguments = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20
)


class Colour(Enum):
    RED = "red"


class Size(IntEnum):
    LARGE = 3


class Shouted(str):
    def __str__(self) -> str:
        return self.upper()


@settings(deadline=None)
@given(arguments)
def test_an_encoded_value_is_restored_by_decoding(value: Any) -> None:
    assert decode(encode(value, "kwargs"), "kwargs") == value


@pytest.mark.django_db
@settings(deadline=None)
@given(arguments)
def test_an_encoded_value_stored_in_postgresql_is_restored_by_decoding(value: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::jsonb::text", [json.dumps(encode(value, "kwargs"))])
        (stored,) = cursor.fetchone()

    assert decode(json.loads(stored), "x") == value


@pytest.mark.parametrize(
    "value",
    [
        True,
        7,
        "text",
        datetime(2026, 1, 31, 12, tzinfo=UTC),
        datetime(2026, 1, 31, 12),
        date(2026, 1, 31),
        time(12, 30),
        timedelta(days=-1, microseconds=3),
        Decimal("1.10"),
        UUID(int=7),
        b"\x00\xff",
    ],
)
def test_a_decoded_value_has_its_type(value: Any) -> None:
    assert type(decode(encode(value, "x"), "x")) is type(value)


def test_a_decoded_decimal_has_its_trailing_zeros() -> None:
    assert str(decode(encode(Decimal("1.10"), "x"), "x")) == "1.10"


def test_a_decoded_moment_in_a_named_time_zone_is_the_same_moment() -> None:
    second_half_past_two = datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin"))

    restored = decode(encode(second_half_past_two, "x"), "x")

    assert restored.timestamp() == second_half_past_two.timestamp()


def test_plain_json_is_encoded_unchanged() -> None:
    value = {"devices": [1, 2.5, None, True], "note": "as written"}

    assert encode(value, "kwargs") == value


@pytest.mark.parametrize(
    ("given_value", "kept"),
    [
        ((1, (2, 3)), [1, [2, 3]]),
        (Colour.RED, "red"),
        (Size.LARGE, 3),
        (JobStatus.PENDING, "pending"),
        (JobInterval.HOURLY, 60),
        (gettext_lazy("Pending"), "Pending"),
        (mark_safe("<b>"), "<b>"),
        (Shouted("quiet"), "quiet"),
        (OrderedDict(a=1), {"a": 1}),
        ({mark_safe("key"): 1}, {"key": 1}),
    ],
)
def test_a_value_of_a_subtype_is_encoded_as_its_plain_type(given_value: Any, kept: Any) -> None:
    encoded = encode(given_value, "x")

    assert (encoded, type(encoded)) == (kept, type(kept))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (math.nan, "kwargs"),
        ({"ratio": math.inf}, "kwargs['ratio']"),
        ({"rows": [1, {"when": object()}]}, "kwargs['rows'][1]['when']"),
        ({"names": {"a", "b"}}, "kwargs['names']"),
        ({"callback": len}, "kwargs['callback']"),
        ({"text": "a\x00b"}, "kwargs['text']"),
        ({"file": "caf\udce9"}, "kwargs['file']"),
        ({"by_id": {7: "seven"}}, "kwargs['by_id']"),
        ({"a\x00": 1}, "kwargs"),
        ({"site": Site(name="new")}, "kwargs['site']"),
        ({"device": Device(name="new")}, "kwargs['device']"),
    ],
)
def test_a_value_that_json_cannot_hold_is_refused_with_its_path(value: Any, path: str) -> None:
    with pytest.raises(NotSerializable) as refusal:
        encode(value, "kwargs")

    assert str(refusal.value).removeprefix("A key of ").split(" ")[0] == path


def test_a_refusal_is_both_a_value_error_and_a_type_error() -> None:
    with pytest.raises(NotSerializable) as refusal:
        encode(object(), "x")

    assert isinstance(refusal.value, ValueError)
    assert isinstance(refusal.value, TypeError)


@pytest.mark.django_db
def test_a_saved_object_is_loaded_from_the_database_by_decoding() -> None:
    device = Device.objects.create(name="before")
    stored = encode([device], "x")
    Device.objects.update(name="after")

    (loaded,) = decode(stored, "x")

    assert (loaded, loaded.name) == (device, "after")


@pytest.mark.django_db
def test_an_object_is_encoded_as_its_model_and_key() -> None:
    assert encode(Country.objects.create(code="se"), "x") == {"$model": ["testapp.country", "se"]}


@pytest.mark.django_db
def test_an_object_that_vanished_is_named_by_the_refusal() -> None:
    site = Site.objects.create(name="gone")
    stored = encode(site, "x")
    site.delete()

    with pytest.raises(BadArguments, match=r"^x is a testapp\.Site that no longer exists\.$"):
        decode(stored, "x")


@pytest.mark.parametrize(
    "stored",
    [
        {"$colour": "red"},
        {"$date": "tomorrow"},
        {"$uuid": 7},
        {"$decimal": "many"},
        {"$timedelta": "long"},
        {"$bytes": "?"},
        {"$model": ["no.such", 1]},
        {"$model": ["nonsense", 1]},
        {"$model": ["testapp.device", "not a uuid"]},
        {"$model": 7},
        {"$dict": [1]},
    ],
)
@pytest.mark.django_db
def test_stored_arguments_that_make_no_sense_raise_bad_arguments(stored: Any) -> None:
    with pytest.raises(BadArguments):
        decode(stored, "x")


@pytest.mark.parametrize(
    "stored",
    [
        {"$colour": "secret"},
        {"$date": "secret"},
        {"$decimal": "secret"},
        {"$timedelta": ["secret"]},
        {"$bytes": "secret"},
        {"$model": ["no.secret", 1]},
        {"$model": ["secret", 1]},
        {"$model": ["testapp.device", "secret"]},
        {"$dict": "secret"},
    ],
)
@pytest.mark.django_db
def test_the_refusal_of_a_stored_value_names_its_path_and_repeats_no_value(stored: Any) -> None:
    document = {"card": {"$dict": {"$number": [1, stored]}}}

    with pytest.raises(BadArguments, match=r"^kwargs\['card'\]\['\$number'\]\[1\] ") as refusal:
        decode(document, "kwargs")

    assert "secret" not in "".join(traceback.format_exception(refusal.value))
    assert (refusal.value.__cause__, refusal.value.__context__) == (None, None)
