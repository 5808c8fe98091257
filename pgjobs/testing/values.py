"""Values in the messages of assertions."""

from __future__ import annotations

from datetime import datetime
from itertools import takewhile
from typing import Any, Final
from unittest.mock import ANY

from pgjobs import codec
from pgjobs.showing import brief
from pgjobs.testing.first_difference import ABSENT, ANY_VALUE, Place

_BEFORE: Final = 20
"""Characters of a long text that are shown before the first one that differs."""


def of_option(value: Any) -> str:
    """Return the value of an option of ``enqueue()``: a moment as people read it."""
    return value.isoformat(" ") if isinstance(value, datetime) else brief(value)


def shown(stored: Any) -> str:
    """Return a stored argument in the words of Python."""
    return "nothing" if stored is ABSENT else brief(_decoded(stored))


def is_cut(value: Any) -> bool:
    """Return whether a message shows the beginning of ``value`` alone."""
    return brief(value).endswith("…")


def at(place: Place) -> tuple[str, str, str]:
    """Return a place, with the two values there in the words of Python.

    Two long texts are shown from shortly before the first character that differs.
    """
    path, expected, found = place
    if isinstance(expected, str) and isinstance(found, str) and (is_cut(expected) or is_cut(found)):
        start = sum(
            1
            for _ in takewhile(lambda pair: pair[0] == pair[1], zip(expected, found, strict=False))
        )
        first = max(0, start - _BEFORE)
        return f"{path}[{first}:]", brief(expected[first:]), brief(found[first:])
    return path, shown(expected), shown(found)


def _decoded(stored: Any) -> Any:
    if stored == ANY_VALUE:
        return ANY
    try:
        return codec.decode(stored, "kwargs")
    except Exception:  # for example an instance that was deleted since
        return stored
