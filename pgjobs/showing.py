"""Values in messages: those of callers, brief and whatever their ``__repr__`` does, and spans."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, Final

_LIMIT: Final = 80
_UNITS: Final = ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s"))


def brief(value: Any) -> str:
    """Return ``repr(value)``, cut to 80 characters.

    If the ``__repr__`` raises, return the type of ``value`` and the type of the exception: a
    refusal must not be lost because its value can't be shown.
    """
    try:
        text = repr(value)
    except Exception as error:
        return f"{type(value).__qualname__} (showing it raised {type(error).__name__})"
    return text if len(text) <= _LIMIT else f"{text[: _LIMIT - 1]}…"


def did_you_mean(name: Any, known: Iterable[str]) -> str:
    """Return a question that names the nearest of ``known``, after a space; "" if none is near."""
    if not isinstance(name, str) or len(name) > _LIMIT:
        return ""
    close = get_close_matches(name, list(known), n=1, cutoff=0.7)
    return f" Did you mean {close[0]}?" if close else ""


def counted(number: int, noun: str) -> str:
    """Return the number and the noun, with an s unless the number is 1."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def in_words(value: timedelta) -> str:
    """Return a span as people say it: ``1.5 s``, ``4 min 10 s``, ``3 h 5 min``, ``2 d 7 h``."""
    seconds = value.total_seconds()
    for size, unit, smaller, smaller_unit in _UNITS:
        if seconds >= size:
            whole, rest = divmod(int(seconds), size)
            return f"{whole} {unit} {rest // smaller} {smaller_unit}"
    return f"{seconds:.3g} s"
