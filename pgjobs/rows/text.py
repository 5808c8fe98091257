"""Text as a row keeps it: PostgreSQL can store it, and it is not too long."""

from __future__ import annotations

from pgjobs.conf import get_settings


def storable(text: str) -> str:
    """Return ``text`` with what a text column can't hold escaped: NUL and lone surrogates."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()


def cut(text: str) -> str:
    """Return ``text``, cut in its middle with a mark if it is longer than ``MAX_TEXT_SIZE``.

    The beginning and the end stay, because a traceback ends with its exception.
    """
    limit = get_settings().MAX_TEXT_SIZE
    if len(text) <= limit:  # the usual case costs one len()
        return text
    mark = f"\n[… {len(text):,} characters, cut by MAX_TEXT_SIZE …]\n"
    half = (limit - len(mark)) // 2
    return text[:half] + mark + text[-half:]


def kept(text: str) -> str:
    """Return ``text`` as a row keeps it: cut if it is too long, and storable."""
    return storable(cut(text))
