"""The commands in a file that is not Python: each with its words, and where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final, TypeAlias

from pgjobs.porting.sources import Source

Line: TypeAlias = tuple[int, str]
"""A line with its number."""

_BETWEEN_WORDS: Final = re.compile(r"[\"']\s*,(?=\s*[\"']|\s*$)|,(?=\s|$)|[\"'\[\]]")
_SEPARATORS: Final = ("&&", "||", ";", "|", "&")
_SAYS: Final = re.compile(r"[@-]*(echo|printf)")
_COMMENT: Final = re.compile(r"(?:^|\s)#.*")
_PROSE: Final = re.compile(
    r"\s*(?:- )?[\"']?(?:name|description|title|summary|help|image|container_name|hostname"
    r"|depends_on|needs)[\"']?\s*[:=]",
    re.IGNORECASE,
)
"""Begins a line about a command that is none."""
_KEY: Final = re.compile(r"(\s*(?:- )?)[\"']?(?:command|entrypoint|args)[\"']?:(?=\s|$)\s*")
"""Begins the words of one command in YAML: for Compose and Kubernetes, over several lines."""

_FOLDED: Final = re.compile(r"^\s*>[-+\d]*\s*$")
_ITEM: Final = re.compile(r"^\s*- ")


@dataclass(frozen=True, slots=True)
class SimpleCommand:
    """A command without the ones that are joined to it by ``&&`` or the like."""

    words: tuple[str, ...]
    places: tuple[tuple[int, int], ...]
    """The line and the column of each word, in characters from 0."""

    @property
    def text(self) -> str:
        """The words with single spaces between them."""
        return " ".join(self.words)

    def place(self, offset: int) -> tuple[int, int]:
        """Return the line and the column of the character ``offset`` of `text`."""
        for word, (line, column) in zip(self.words, self.places, strict=True):
            if offset <= len(word):
                return line, column + offset
            offset -= len(word) + 1
        return self.places[-1]


def simple_commands(source: Source) -> Iterator[SimpleCommand]:
    """Yield the commands of a file, in its order; a line that is none yields its words, too."""
    is_yaml = PurePath(source.path).suffix.lower() in (".yml", ".yaml")
    lines = list(enumerate(source.text.splitlines(), start=1))
    at = 0
    while at < len(lines):
        end = _end_in_yaml(lines, at) if is_yaml else _end(lines, at)
        yield from _split(lines[at:end])
        at = end


def whole_lines(text: str) -> Iterator[Line]:
    """Yield lines with their numbers; lines that end in a backslash are joined to the next one."""
    lines = list(enumerate(text.splitlines(), start=1))
    at = 0
    while at < len(lines):
        end = _end(lines, at)
        yield lines[at][0], "".join(line.removesuffix("\\") for _, line in lines[at:end])
        at = end


def _end(lines: list[Line], at: int) -> int:
    """Return where the line ends that begins at ``at``: backslashes join it to the next ones."""
    end = at + 1
    while end < len(lines) and lines[end - 1][1].endswith("\\"):
        end += 1
    return end


# YAML -----------------------------------------------------------------------------------------


def _end_in_yaml(lines: list[Line], at: int) -> int:
    """Return where the value ends that begins at ``at``; ``args`` below ``command`` belong to it.

    A literal block, after ``|``, is a script: each of its lines is a command.
    """
    indent = _indent_of_key(lines[at][1])
    if indent is None:
        return _end(lines, at)
    end = at + 1
    while end < len(lines) and _goes_on(lines[end][1], indent):
        end += 1
    return end


def _indent_of_key(line: str) -> int | None:
    key = _KEY.match(line)
    is_command = key is not None and not line[key.end() :].startswith("|")
    return len(key[1]) if key is not None and is_command else None


def _goes_on(line: str, indent: int) -> bool:
    content = line.lstrip()
    width = len(line) - len(content)
    is_item = width == indent and content.startswith(("- ", "]"))
    return bool(content) and (width > indent or is_item or _indent_of_key(line) == indent)


# Words ----------------------------------------------------------------------------------------


def _split(lines: list[Line]) -> Iterator[SimpleCommand]:
    """Yield the commands that stand in ``lines``, which are one value or one line of a script."""
    words: list[str] = []
    places: list[tuple[int, int]] = []
    for number, line in lines:
        for match in re.finditer(r"\S+", _bare(line)):
            word = match[0].rstrip(";")
            if word and word not in _SEPARATORS:
                words.append(word)
                places.append((number, match.start()))
            if match[0] in _SEPARATORS or match[0].endswith(";"):
                yield from _unless_said(words, places)
                words, places = [], []
    yield from _unless_said(words, places)


def _unless_said(words: list[str], places: list[tuple[int, int]]) -> Iterator[SimpleCommand]:
    if words and not any(_SAYS.fullmatch(word) for word in words[:2]):
        yield SimpleCommand(tuple(words), tuple(places))


def _bare(line: str) -> str:
    """Return a line with blanks in place of what is no word: marks, quotes, comments, prose."""
    if _PROSE.match(line) or line.lstrip().startswith(("//", ";")):
        return ""
    bare = _COMMENT.sub("", line.removesuffix("\\"))
    for mark in (_KEY, _FOLDED, _ITEM):
        bare = mark.sub(_blanks, bare, count=1)
    return _BETWEEN_WORDS.sub(_blanks, bare)


def _blanks(match: re.Match[str]) -> str:
    return " " * len(match[0])
