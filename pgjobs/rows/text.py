"""Text as PostgreSQL can store it."""

from __future__ import annotations


def storable(text: str) -> str:
    """Return ``text`` with what a text column can't hold escaped: NUL and lone surrogates."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
