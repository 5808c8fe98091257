"""Values of callers in messages: brief, and whatever their ``__repr__`` does."""

from __future__ import annotations

from typing import Any, Final

_LIMIT: Final = 80


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
