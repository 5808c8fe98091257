"""Odd values, as callers pass them by mistake, for each argument of the enqueue API."""

from __future__ import annotations

import enum
import math
import uuid
from collections import OrderedDict
from copy import copy
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from functools import partial
from types import MappingProxyType
from typing import Any

from django.apps import apps
from django.contrib.auth.models import AnonymousUser, User
from django.db.migrations.state import ProjectState
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from pgjobs import JobInterval, JobNotification, JobStatus
from tests.apps.testapp.jobs import Noop, plain_function
from tests.apps.testapp.models import Country, Device, Note, Site


class Number(int):
    """A whole number that is not exactly an ``int``."""


class Color(enum.Enum):
    RED = "red"
    NOTHING = object()


class Evil:
    """An object that can't be shown, compared or tested."""

    def __bool__(self) -> bool:
        raise RuntimeError("not a truth value")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("not comparable")

    def __hash__(self) -> int:
        raise RuntimeError("not hashable")

    def __repr__(self) -> str:
        raise RuntimeError("not to be shown")


def nested(depth: int) -> Any:
    """Return lists in lists, ``depth`` in all."""
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def cycle() -> Any:
    """Return a dict that holds itself."""
    value: dict[str, Any] = {}
    value["again"] = value
    return value


def odd_values() -> list[Any]:
    """Return values of all kinds; some need the database."""
    return [*_numbers(), *_texts(), *_moments(), *_containers(), *_objects(), *_instances()]


def _numbers() -> list[Any]:
    edges = [
        sign * 2**bits + off for sign in (-1, 1) for bits in (15, 31, 63) for off in (-1, 0, 1)
    ]
    odd = [0, 1, -1, True, False, 1.5, -0.0, 1e300, math.nan, math.inf, 10**4299, 10**5000]
    kinds = [Number(0), Number(-5), Number(60), JobInterval.MONTHLY, Decimal("1e9999"), 1j]
    return [*edges, *odd, *kinds]


def _texts() -> list[Any]:
    plain = ["", " ", "high", "default", "hihg", "always", "7", "å" * 201, "x" * 100_000]
    odd = ["a\0b", "\ud800", "\n\x1b[31m", mark_safe("<b>"), gettext_lazy("Yes"), "$model"]
    return [*plain, *odd, b"high", bytearray(b"x"), memoryview(b"x"), JobStatus.RUNNING]


def _moments() -> list[Any]:
    far = [timezone(timedelta(hours=hours)) for hours in (-23, -2, 2, 23)]
    return [
        datetime(2030, 1, 31),
        datetime(2030, 1, 31, tzinfo=UTC),
        *(datetime(2030, 1, 31, tzinfo=zone) for zone in far),
        datetime.min.replace(tzinfo=far[2]),
        datetime.max.replace(tzinfo=far[1]),
        date(2030, 1, 31),
        time(23, 59, tzinfo=far[0]),
        timedelta.max,
    ]


def _containers() -> list[Any]:
    dicts = [{}, {"a": 1}, {"$a": 1}, {"$dict": {}}, {1: 2}, {"a\0": 1}, {"a": object()}, cycle()]
    lists = [[], [1], (1, 2), [[None]], nested(99), nested(101), nested(500), [cycle()]]
    others = [
        {1, 2},
        frozenset(),
        range(3),
        iter([1]),
        OrderedDict(a=1),
        MappingProxyType({"a": 1}),
    ]
    return [*dicts, *lists, *others]


def _objects() -> list[Any]:
    kinds = [None, object(), Evil(), Color.RED, Color.NOTHING, JobNotification.NEVER, uuid.uuid4()]
    code = [print, len, Noop, Noop.handle, plain_function, lambda: None, int, enum]
    return [*kinds, *code, ValueError("x"), NotImplemented, ...]


def _instances() -> list[Any]:
    site, user = Site.objects.create(name="Lund"), User.objects.create(username="ada")
    gone = User.objects.create(username="gone")
    gone.delete()
    deleted = Site.objects.create(name="gone")
    deleted.delete()
    historical: Any = ProjectState.from_apps(apps).apps.get_model("testapp", "Site")
    saved = [site, user, Device.objects.create(name="router"), Country.objects.create(code="se")]
    unsaved = [Site(name="new"), Device(name="new"), User(username="new"), User(pk=99)]
    wrapped = (site, user, None, "Lund", "high", 5, datetime(2030, 1, 31, tzinfo=UTC), [1])
    lazy: list[Any] = [SimpleLazyObject(partial(copy, each)) for each in wrapped]
    others = [Note.objects.create(text="x"), AnonymousUser(), gone, deleted]
    return [*saved, *unsaved, *lazy, *others, historical.objects.get(pk=site.pk)]
