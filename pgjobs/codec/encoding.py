"""From values to typed JSON."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from django.db import models
from django.utils.functional import LazyObject, Promise

from pgjobs.codec.wrapping import wrapped
from pgjobs.exceptions import NotSerializable
from pgjobs.instances import is_instance, unwrapped
from pgjobs.showing import brief

DEPTH_LIMIT: Final = 100
"""How deep lists and dicts may be nested: a worker must be able to read them, too."""

_LARGE: Final = 10**4300
"""The first whole number that Python refuses to read from text."""

_JSONB_WRITES_AS_INTEGER: Final = 1e16
"""From this size on, PostgreSQL's jsonb writes a float as an integer. Python would read an int."""


def encode(value: Any, path: str, depth: int = 0) -> Any:
    """Return ``value`` as a value that ``json.dumps()`` takes.

    Tuples become lists, and members of enumerations become their values. Raises `NotSerializable`
    for a value that can't be expressed; the message names it by its path, which begins with
    ``path``.
    """
    kind = type(value)
    if kind is str:
        return text(value, path)
    if kind is int:
        return value if -_LARGE < value < _LARGE else _refuse_large(path)
    if kind is bool or value is None:
        return value
    if kind is dict:
        return _dict(value, path, depth)
    if kind is list or kind is tuple:
        _check_depth(path, depth)
        return [encode(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
    return _encode_typed(value, path, depth)


def text(value: str, path: str) -> str:
    """Return ``value``. Raises `NotSerializable` for text that PostgreSQL can't store."""
    if "\x00" in value:
        raise NotSerializable(f"{path} holds a NUL character, which PostgreSQL can't store.")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise NotSerializable(f"{path} holds a lone surrogate, which is not text.") from None
    return value


def _dict(value: dict[Any, Any], path: str, depth: int) -> dict[str, Any]:
    _check_depth(path, depth)
    encoded = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise NotSerializable(
                f"{path} has the key {brief(key)} of type {type(key).__name__}; "
                "the keys of a dict must be strings: {str(key): value for key, value in ….items()}."
            )
        name = str.__str__(key)  # a subclass of str may write itself otherwise
        encoded[text(name, f"A key of {path}")] = encode(item, f"{path}[{name!r}]", depth + 1)
    return wrapped(encoded)


def _check_depth(path: str, depth: int) -> None:
    if depth >= DEPTH_LIMIT:
        raise NotSerializable(
            f"{path[:80]}… is nested deeper than {DEPTH_LIMIT} lists and dicts, or holds itself."
        )


def _refuse_large(path: str) -> Any:
    raise NotSerializable(
        f"{path} is a whole number of more than 4300 digits, which Python does not read from text."
    )


def _encode_typed(value: Any, path: str, depth: int) -> Any:
    if isinstance(value, Enum | Promise | LazyObject):
        return encode(_meant(value), path, depth)
    if isinstance(value, float):
        return _float(value, path)
    if is_instance(value):
        return {"$model": _model_reference(value, path)}
    for kind, (tag, dump) in _DUMPERS.items():
        if isinstance(value, kind):
            return {tag: dump(value)}
    # Subclasses of plain types, such as OrderedDict or SafeString, come last: they are rare.
    for plain, convert in _PLAIN_CONVERTERS:
        if isinstance(value, plain):
            return encode(convert(value), path, depth)
    raise NotSerializable(
        f"{path} is {brief(value)} of type {type(value).__qualname__}, which is not JSON. "
        "Pass plain values or a saved model instance, and load other data inside run()."
    )


def _meant(value: Any) -> Any:
    """Return the value that a member of an enumeration or a lazy value stands for."""
    if isinstance(value, Enum):
        return value.value
    return str(value) if isinstance(value, Promise) else unwrapped(value)


def _float(value: float, path: str) -> Any:
    if not math.isfinite(value):
        raise NotSerializable(f"{path} is {value!r}, which JSON does not have.")
    if abs(value) >= _JSONB_WRITES_AS_INTEGER:
        return {"$float": repr(float(value))}
    return float(value)


def _model_reference(value: models.Model, path: str) -> list[Any]:
    if value.pk is None or value._state.adding:
        raise NotSerializable(
            f"{path} is the unsaved {value._meta.label} {brief(value)}; save it first."
        )
    return [value._meta.label_lower, encode(value.pk, f"{path}.pk")]


_DUMPERS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    # Before date: a datetime is an instance of date, too.
    datetime: ("$datetime", datetime.isoformat),
    date: ("$date", date.isoformat),
    time: ("$time", time.isoformat),
    timedelta: ("$timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
    Decimal: ("$decimal", str),
    UUID: ("$uuid", str),
    bytes: ("$bytes", lambda value: base64.b64encode(value).decode()),
}

_PLAIN_CONVERTERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (str, str.__str__),  # str() would return a SafeString unchanged
    (int, int),
    (dict, dict),
    (list, list),
    (tuple, list),
)
