"""Texts that PostgreSQL can store."""

from __future__ import annotations


def is_storable(text: str) -> bool:
    """Return whether a text column can hold ``text`` as it is: it takes no NUL, and UTF-8 has no
    lone surrogates."""
    return "\x00" not in text and text.encode(errors="ignore").decode() == text
