"""Tracebacks without the frames of pgjobs itself: the fault is in the code of the project."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

LONGEST: Final = 20_000
"""Characters of a traceback that a page shows: its end, which names the exception."""

_BEGINS: Final = "Traceback (most recent call last):"
_FRAME: Final = re.compile(r'^(?P<margin>[ |]*)  File "(?P<path>[^"]*)", line ')
_PACKAGE: Final = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Traceback:
    """The whole text of a traceback, and its own part."""

    whole: str
    own: str
    """The text without our frames."""
    left_out: int = 0
    """The number of frames that ``own`` lacks."""

    @classmethod
    def of(cls, text: str) -> Traceback:
        text = _cut(text)
        kept, left_out = _without_ours(text.splitlines())
        return cls(text, "\n".join(kept) if left_out else text, left_out)


def is_traceback(text: str) -> bool:
    """Return whether a line of a log is a traceback."""
    return _BEGINS in text[:200]


def last_line(text: str) -> str:
    """Return the line that names the exception: the last one that is not indented."""
    lines = [line for line in text[-LONGEST:].splitlines() if line and not line.startswith(" ")]
    return lines[-1] if lines else text[:200]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"…\n{text[-LONGEST:]}"


def _without_ours(lines: list[str]) -> tuple[list[str], int]:
    """Return the lines without those of our frames, and the number of these frames."""
    kept: list[str] = []
    left_out, ours, margin = 0, False, ""
    for line in lines:
        frame = _FRAME.match(line)
        if frame is not None:
            ours, margin = _is_ours(frame["path"]), frame["margin"]
            left_out += ours
        elif ours and not line.startswith(f"{margin}    "):  # not the source line of the frame
            ours = False
        if not ours:
            kept.append(line)
    return kept, left_out


@cache
def _is_ours(path: str) -> bool:
    """Return whether a file, on whatever machine, is a module of this package."""
    before, _sep, inside = path.replace("\\", "/").rpartition("/pgjobs/")
    return bool(before) and ".." not in inside and (_PACKAGE / inside).is_file()
