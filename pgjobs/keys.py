"""The primary keys of jobs, as callers write them."""

from __future__ import annotations

from typing import Any, Final

LARGEST_KEY: Final = 2**63 - 1
_DIGITS: Final = len(str(LARGEST_KEY))


def key_of(given: Any) -> int | None:
    """Return the primary key that the text or number ``given`` names; None if no job can have it.

    There may be no job with this key.
    """
    text = str(given)
    is_key = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    return int(text) if is_key and int(text) <= LARGEST_KEY else None
