"""How the verbs write: tables for people, JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TextIO

from django.utils.timezone import is_naive, localtime

from pgjobs.showing import in_words

_WIDEST: Final = 60
"""Characters of a cell; ``--json`` shows all of it."""


class Output:
    """Writes to the standard output of a command.

    In JSON, moments are ISO 8601 and spans are seconds. Characters that do not print are escaped,
    so that no text of a job can steer a terminal.
    """

    def __init__(self, stream: Any, errors: Any, *, as_json: bool) -> None:
        self._stream = stream
        self._errors = errors
        self._encoding = getattr(stream, "encoding", None) or "utf-8"
        self.as_json = as_json

    def rows(self, rows: Sequence[Any], columns: str = "", *, if_none: str = "") -> None:
        """Write dataclasses or dicts: as JSON all of them whole, or as a table of ``columns``.

        If there are none, the table is empty, and the standard error says ``if_none``.
        """
        plain = [_plain(row) for row in rows]
        if self.as_json:
            self._write_json(plain)
        elif plain:
            self._write_table(plain, columns.split() or list(plain[0]))
        elif if_none:
            self.progress(if_none)

    def record(self, record: Any) -> None:
        """Write one dataclass or dict, a line for each part that is not empty."""
        plain = _plain(record)
        if self.as_json:
            self._write_json(plain)
            return
        width = max(map(len, plain))
        for name, value in plain.items():
            if value not in (None, "", [], {}):
                lines = _text(value, is_whole=True).splitlines() or [""]
                indent = "\n" + " " * (width + 2)
                self._write(f"{name:<{width}}  {indent.join(map(printable, lines))}")

    def line(self, text: str) -> None:
        """Write ``text``, which may have several lines. As JSON, a verb writes no lines."""
        self._write(printable_lines(text))

    def text(self, text: str) -> None:
        """Write our own text as it is."""
        self._write(text)

    def progress(self, text: str, *, ending: str = "\n") -> None:
        """Write to the standard error, so that the output can be read by a script."""
        self._errors.write(printable_lines(text), lambda plain: plain, ending=ending)

    def flush(self) -> None:
        """Write what is still held back."""
        self._stream.flush()

    def _write(self, text: str) -> None:
        """Write ``text``, with an escape for each character that the stream does not have."""
        if not self._can_write(text):
            text = text.encode(self._encoding, "backslashreplace").decode(self._encoding)
        self._stream.write(text)

    def _can_write(self, text: str) -> bool:
        try:
            text.encode(self._encoding)
        except UnicodeEncodeError:
            return False
        return True

    def _write_json(self, value: Any) -> None:
        # jsonb holds numbers that Python reads as infinite. JSON does not, so they become texts.
        plain = json.loads(json.dumps(value, default=_as_json), parse_constant=str)
        text = json.dumps(plain, indent=2, ensure_ascii=False)
        is_harmless = all(map(str.isprintable, text.split("\n"))) and self._can_write(text)
        self._write(text if is_harmless else json.dumps(plain, indent=2))

    def _write_table(self, rows: list[dict[str, Any]], columns: list[str]) -> None:
        cells = [[printable(_text(row[name])) for name in columns] for row in rows]
        lines = [[name.replace("_", " ") for name in columns], *cells]
        widths = [max(len(line[column]) for line in lines) for column in range(len(columns))]
        for line in lines:
            padded = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            self._write("  ".join(padded).rstrip())


def printable(text: str) -> str:
    """Return ``text`` with an escape in the place of each character that does not print."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)


def printable_lines(text: str) -> str:
    """Return the lines of ``text``, each with such escapes."""
    return "\n".join(map(printable, text.splitlines()))


def is_terminal(stream: TextIO) -> bool:
    """Return whether a person can answer on ``stream``."""
    return bool(getattr(stream, "isatty", bool)())


def _plain(row: Any) -> dict[str, Any]:
    if is_dataclass(row) and not isinstance(row, type):
        return asdict(row)
    plain: dict[str, Any] = row
    return plain


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)


def _text(value: Any, *, is_whole: bool = False) -> str:
    match value:
        case _ if value is None or value == {}:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return moment_in_words(value)
        case timedelta():
            return in_words(value)
        case list() if all(isinstance(each, str) for each in value):
            return ", ".join(value)
        case list() | dict():
            value = json.dumps(value, indent=2 if is_whole else None, ensure_ascii=False)
    text = str(value)
    return text if is_whole or len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def moment_in_words(value: datetime) -> str:
    """Return a moment in the time zone of the project, to the second."""
    return f"{value if is_naive(value) else localtime(value):%Y-%m-%d %H:%M:%S}"
