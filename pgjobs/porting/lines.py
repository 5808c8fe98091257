"""Reads files that are not Python: commands of the old systems, settings, required packages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, Final

from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.simple_commands import SimpleCommand, simple_commands, whole_lines
from pgjobs.porting.sources import Source
from pgjobs.porting.system import Command, System

_REQUIREMENTS: Final = re.compile(r".*requirements.*\.(txt|in)", re.IGNORECASE)
_ENVIRONMENT: Final = re.compile(r"\.env(\..+)?|.+\.env|\.envrc")
_VARIABLE: Final = re.compile(r"\s*(?:export\s+)?([A-Z][A-Z0-9_]*)\s*=")
_READ: Final = "Where the settings read this variable, they have advice of their own."
_REQUIRED: Final = re.compile(r"([A-Za-z0-9][\w.-]*)\s*(\[[^\]]*\])?\s*([=<>!~;@].*)?$")


def read_lines(systems: list[System], source: Source) -> Iterator[Finding]:
    """Yield the findings of all systems in a file that is not Python.

    Raises ValueError or RecursionError for a file that its kind does not allow.
    """
    name = PurePath(source.path).name
    if name == "pyproject.toml":
        yield from _pyproject(systems, source)
        return
    if _ENVIRONMENT.fullmatch(name):
        yield from _environment(systems, source)
    elif _REQUIREMENTS.fullmatch(name):
        for number, line in whole_lines(source.text):
            for system in systems:
                yield from _required(system, source, number, line.partition(" #")[0])
    else:
        for written in simple_commands(source):
            for system in systems:
                yield from _command(system, source, written)


# Commands -------------------------------------------------------------------------------------


def _command(system: System, source: Source, written: SimpleCommand) -> Iterator[Finding]:
    text = written.text
    for command in system.commands:
        if (match := command.pattern.search(text)) is not None:
            number, start = written.place(match.start())
            new, old = _whole(command, match), text[match.start() :]
            yield _finding(system, source, number, start, old, new, command.why, command.level)
            return


def _whole(command: Command, match: re.Match[str]) -> str:
    """Return the command to write; a command of pgjobs is called as the old one was."""
    new = command.new(match)
    if not new.startswith("pgjobs"):
        return new
    manage = match.groupdict().get("manage") or "python manage.py"
    return f"{manage} {new}"


# Settings -------------------------------------------------------------------------------------


def _environment(systems: list[System], source: Source) -> Iterator[Finding]:
    """Yield the settings in a file of environment variables. Their values may be secrets."""
    for number, line in whole_lines(source.text):
        if (match := _VARIABLE.match(line)) is None:
            continue
        name = match[1]
        for system in systems:
            if any(re.fullmatch(pattern, name) for pattern in system.settings):
                start = match.start(1)
                yield _finding(system, source, number, start, f"{name}=…", "remove it", _READ)
                break


# Packages -------------------------------------------------------------------------------------


def _required(system: System, source: Source, number: int, line: str) -> Iterator[Finding]:
    match = _REQUIRED.match(line.strip())
    if match is not None and (new := system.requirements.get(_plain(match[1]), "")):
        start = len(line) - len(line.lstrip())
        yield _finding(system, source, number, start, line.strip(), new)


def _pyproject(systems: list[System], source: Source) -> Iterator[Finding]:
    listed = [*_listed(tomllib.loads(source.text))]
    for number, line in enumerate(source.text.splitlines(), start=1):
        for required in dict.fromkeys(listed):
            match = _REQUIRED.match(required)
            start = _place(line, required)
            for system in systems if match is not None and start >= 0 else []:
                if match is not None and (new := system.requirements.get(_plain(match[1]), "")):
                    yield _finding(system, source, number, start, required, new)


def _listed(project: dict[str, Any]) -> Iterator[str]:
    """Yield what a ``pyproject.toml`` requires, for itself, its extras and its groups."""
    own, tool = _table(project.get("project")), _table(project.get("tool"))
    extras = _table(own.get("optional-dependencies")), _table(project.get("dependency-groups"))
    lists = [own.get("dependencies"), *(each for extra in extras for each in extra.values())]
    lists.append(_table(tool.get("uv")).get("dev-dependencies"))
    for required in (each for listed in lists if isinstance(listed, list) for each in listed):
        if isinstance(required, str):
            yield required
    poetry = _table(tool.get("poetry"))
    groups = [_table(each).get("dependencies") for each in _table(poetry.get("group")).values()]
    for each in [poetry.get("dependencies"), poetry.get("dev-dependencies"), *groups]:
        yield from _table(each)


def _table(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _place(line: str, required: str) -> int:
    """Return where a line requires this, or -1."""
    quoted = max(line.find(f'"{required}"'), line.find(f"'{required}'"))
    if quoted >= 0:
        return quoted + 1
    return 0 if re.match(rf"{re.escape(required)}\s*=", line) else -1


def _plain(package: str) -> str:
    return re.sub(r"[-_.]+", "-", package).lower()


def _finding(
    system: System,
    source: Source,
    number: int,
    start: int,
    old: str,
    new: str,
    why: str = "",
    level: Level = Level.CHANGE,
) -> Finding:
    return Finding(source.path, number, start + 1, system.name, level, old, new, why)
