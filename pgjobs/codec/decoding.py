"""From typed JSON to values."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models, router

from pgjobs.codec.wrapping import bare
from pgjobs.exceptions import BadArguments


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


class _Gone(Exception):
    """A model, or the row of an instance, no longer exists."""


def _load_model(body: list[Any]) -> models.Model:
    label, key = body
    try:
        model = apps.get_model(label)
    except LookupError:
        raise _Gone("is an instance of a model that no longer exists.") from None
    # A replica may lag, and lack a row that was committed together with the job.
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
"""The keys that mark an object as a value of another type. Such an object has no other key."""


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
