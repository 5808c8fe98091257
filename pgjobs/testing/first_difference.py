"""Stored arguments compared with those that a test expects, and the place where two differ."""

from __future__ import annotations

from typing import Any, Final, NamedTuple
from unittest.mock import ANY
from uuid import uuid4

ANY_VALUE: Final = f"any value {uuid4().hex}"
"""Stands for ``unittest.mock.ANY`` in a value that is encoded."""

ABSENT: Final = object()
"""Stands for a value that one of the two does not have."""


class Place(NamedTuple):
    """A place in an argument, such as ``rows[3]['id']``, with the encoded values there."""

    path: str
    expected: Any
    found: Any


def without_any(value: Any) -> Any:
    """Return ``value``, which a test expects, with a text in the place of each ``ANY`` in it."""
    if value is ANY:
        return ANY_VALUE
    if type(value) in (list, tuple):
        return [without_any(item) for item in value]
    if type(value) is dict:
        return {key: without_any(item) for key, item in value.items()}
    return value


def with_any(value: Any) -> Any:
    """Return ``value``, which `without_any()` has returned and JSON has stored, as it was."""
    if value == ANY_VALUE:
        return ANY
    if isinstance(value, list):
        return [with_any(item) for item in value]
    if isinstance(value, dict):
        return {key: with_any(item) for key, item in value.items()}
    return value


def first_difference(expected: Any, found: Any, path: str) -> Place | None:
    """Return the first place in which two encoded values differ; None if they are the same.

    They must be equal in type, too: in Python, 1 equals True.
    """
    if expected == ANY_VALUE and found is not ABSENT:
        return None
    if _is_plain(expected) and _is_plain(found):
        expected, found = expected.get("$dict", expected), found.get("$dict", found)
        return _first(
            (expected.get(key, ABSENT), found.get(key, ABSENT), f"{path}[{key!r}]")
            for key in {**expected, **found}
        )
    if isinstance(expected, list) and isinstance(found, list):
        return _first(
            (_at(expected, index), _at(found, index), f"{path}[{index}]")
            for index in range(max(len(expected), len(found)))
        )
    if type(expected) is type(found) and expected == found:
        return None
    return Place(path, expected, found)


def _first(parts: Any) -> Place | None:
    return next(filter(None, (first_difference(*part) for part in parts)), None)


def _at(items: list[Any], index: int) -> Any:
    return items[index] if index < len(items) else ABSENT


def _is_plain(value: Any) -> bool:
    """Return whether an encoded value is a dict of the caller, and no value of another type."""
    if not isinstance(value, dict):
        return False
    return len(value) != 1 or not next(iter(value)).startswith("$") or "$dict" in value
