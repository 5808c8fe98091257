"""Texts of jobs on the screen: never markup, never control characters, as wide as their place."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rich.cells import cell_len, set_cell_size

from pgjobs.cli.output import moment_in_words, printable
from pgjobs.showing import in_words


def words(value: Any) -> str:
    """Return ``value`` in one line, as people read it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case timedelta():
            return short(value)
        case datetime():
            return moment_in_words(value)
        case list():
            return ", ".join(map(words, value))
    return printable(str(value))


def short(span: timedelta) -> str:
    """Return a span of time in words: spans below a minute to the tenth of a second."""
    seconds = span.total_seconds()
    return f"{max(seconds, 0):.1f} s" if seconds < 60 else in_words(span)


def fitted(text: str, width: int, *, right: bool = False) -> str:
    """Return ``text`` in exactly ``width`` cells of the terminal; a cut one ends with ``…``."""
    if (length := cell_len(text)) > width:
        return set_cell_size(set_cell_size(text, max(width - 1, 0)) + "…", width)
    padding = " " * (width - length)
    return padding + text if right else text + padding


def lines_of(text: str) -> list[str]:
    """Return the lines of a text that a job wrote, without characters that do not print."""
    return [printable(line.expandtabs(4)) for line in text.splitlines()]


def shortened(text: str, most: int) -> str:
    """Return ``text``, or its first ``most`` characters and the number of the others."""
    return text if len(text) <= most else f"{text[:most]}… and {len(text) - most} more characters"
