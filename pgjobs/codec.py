"""Typed JSON for job arguments.

Values that JSON has stay as they are, so that rows read well in SQL. A value of another known type
becomes an object with one key that starts with ``$``, for instance
``{"$datetime": "2026-01-31T12:00:00+00:00"}`` or ``{"$model": ["app.model", 7]}``. If a dict of the
caller has one key and this starts with ``$``, it is wrapped in ``{"$dict": …}``. Values of other
types are refused when the job is enqueued, with the path of the value.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models, router
from django.utils.functional import LazyObject, Promise

from pgjobs.exceptions import BadArguments, NotSerializable
from pgjobs.instances import is_instance, unwrapped
from pgjobs.showing import brief

DEPTH_LIMIT: Final = 100
"""How deep lists and dicts may be nested: a worker must be able to read them, too."""

_LARGE: Final = 10**4300
"""The first whole number that Python refuses to read from text."""


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


def bare(encoded: dict[str, Any]) -> dict[str, Any]:
    """Return an encoded dict with its own keys."""
    inner: dict[str, Any] = encoded["$dict"] if encoded.keys() == {"$dict"} else encoded
    return inner


def merged(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """Return two encoded dicts as one; ``second`` wins where both have a key."""
    return _wrapped({**bare(first), **bare(second)})


def decode(value: Any, path: str) -> Any:
    """Return the value that `encode` turned into ``value``, a part of a JSON document.

    A model instance is read from the database. Raises `BadArguments` if a value can't be restored,
    for instance because its row was deleted. The message has the path of the value and not the
    value itself, which may be a secret: the message is stored as the error of a job.
    """
    try:
        return _decode(value)
    except _Undecodable as error:
        reason, node = str(error), error.node
    raise BadArguments(f"{_path_to(node, value, path) or path:.300} {reason}")


class _Undecodable(Exception):
    """The object ``node`` of a document can't be restored. The text says why, without values."""

    def __init__(self, node: dict[str, Any], reason: str) -> None:
        super().__init__(reason)
        self.node = node


def names_model(value: Any) -> bool:
    """Return whether `decode` may have to read a model instance of ``value`` from the database."""
    if isinstance(value, list):
        return any(map(names_model, value))
    if isinstance(value, dict):
        return "$model" in value or any(map(names_model, value.values()))
    return False


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
    return _wrapped(encoded)


def _wrapped(encoded: dict[str, Any]) -> dict[str, Any]:
    """Return ``encoded`` so that `decode` does not take its only key for a type."""
    if len(encoded) == 1 and next(iter(encoded)).startswith("$"):
        return {"$dict": encoded}
    return encoded


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


# From this size on PostgreSQL's jsonb writes a float as an integer, and Python would read an int.
_JSONB_WRITES_AS_INTEGER = 1e16

_PLAIN_CONVERTERS: tuple[tuple[type, Callable[[Any], Any]], ...] = (
    (str, str.__str__),  # str() would return a SafeString unchanged
    (int, int),
    (dict, dict),
    (list, list),
    (tuple, list),
)


class _Gone(Exception):
    """A model, or the row of an instance, no longer exists."""


def _load_model(body: list[Any]) -> models.Model:
    label, key = body
    try:
        model = apps.get_model(label)
    except LookupError:
        raise _Gone("is an instance of a model that no longer exists.") from None
    # A replica may be late, and not have a row yet that was committed together with the job.
    rows = model._base_manager.using(router.db_for_write(model))
    instance: models.Model | None = rows.filter(pk=_decode(key)).first()
    if instance is None:
        raise _Gone(f"is a {model._meta.label} that no longer exists.")
    return instance


_LOADERS: dict[str, Callable[[Any], Any]] = {
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$time": time.fromisoformat,
    "$timedelta": lambda body: timedelta(*body),
    "$decimal": Decimal,
    "$uuid": UUID,
    "$bytes": lambda body: base64.b64decode(body, validate=True),
    "$float": float,
    "$model": _load_model,
    "$dict": lambda body: {key: _decode(item) for key, item in body.items()},
}


TAGS: Final = frozenset(_LOADERS)
"""The only keys of the objects that stand for values of other types."""


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        (tag, body), *_ = value.items()
        if tag.startswith("$"):
            return _decode_typed(value, tag, body)
    return {key: _decode(item) for key, item in value.items()}


def _decode_typed(node: dict[str, Any], tag: str, body: Any) -> Any:
    if (load := _LOADERS.get(tag)) is None:
        raise _Undecodable(node, f"has the type {tag!r:.80}, which pgjobs does not know.")
    try:
        return load(body)
    except _Gone as error:
        raise _Undecodable(node, str(error)) from None
    except (TypeError, ValueError, ArithmeticError, AttributeError, ValidationError):
        kind = type(body).__name__
        raise _Undecodable(node, f"holds a {kind} that is not a value of type {tag!r}.") from None


def _path_to(node: Any, value: Any, path: str) -> str | None:
    """Return the path of ``node`` in ``value``; None if it is not there."""
    if value is node:
        return path
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, list):
        items = enumerate(value)
    elif isinstance(value, dict):
        items = bare(value).items()
    found = (_path_to(node, item, f"{path}[{key!r}]") for key, item in items)
    return next((each for each in found if each is not None), None)
