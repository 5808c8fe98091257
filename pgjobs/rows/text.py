"""Text as a row keeps it: PostgreSQL can store it, and it is not too long."""

from __future__ import annotations

from typing import Final

from pgjobs.conf import get_settings

_CUT: Final = "cut by MAX_TEXT_SIZE"
_UNTRANSLATABLE: Final = "22P05"


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
    mark = f"\n[… {len(text):,} characters, {_CUT} …]\n"
    half = (limit - len(mark)) // 2
    return text[:half] + mark + text[-half:]


def is_cut(text: str) -> bool:
    """Return whether ``cut()`` has shortened ``text``, or a part of it."""
    return _CUT in text


def kept(text: str) -> str:
    """Return ``text`` as a row keeps it: cut if it is too long, and storable."""
    return storable(cut(text))


def lacks_a_character(error: BaseException) -> bool:
    """Return whether PostgreSQL refused a text because its database is not in UTF-8."""
    return getattr(error, "sqlstate", None) == _UNTRANSLATABLE


def in_ascii(text: str) -> str:
    """Return ``text`` as a database of any encoding can keep it: in ASCII, the rest escaped."""
    return _escaped(cut(_escaped(text)))


def _escaped(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode()
