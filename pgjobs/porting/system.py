"""The rules of one old system, as tables and as code that reads further."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from pgjobs.porting.finding import Finding, Level
from pgjobs.porting.module import Module
from pgjobs.porting.project import Definition, Project


@dataclass(frozen=True, slots=True)
class Name:
    """The advice for one name of the old system."""

    imports: str = ""
    """The ``import`` or ``from`` statement to write, if there is a counterpart."""
    new: str = ""
    """The text to write at each use; empty if the uses stay, or have rules of their own."""
    why: str = ""
    level: Level = Level.CHANGE


@dataclass(frozen=True, slots=True)
class Setting:
    """The advice for one setting of the old system."""

    new: str
    """May hold ``{value}``, the code of the old value."""
    why: str = ""
    level: Level = Level.CHANGE


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the old system, in files that are not Python."""

    pattern: re.Pattern[str]
    """Matches the words of a command, with single spaces between them."""
    new: Callable[[re.Match[str]], str]
    """Returns the text to write; a command of pgjobs without ``manage.py``."""
    why: str = ""
    level: Level = Level.CHANGE


@dataclass
class Reader:
    """One file, as the rules of one system see it."""

    system: str
    module: Module
    project: Project
    done: set[ast.AST] = field(default_factory=set)
    """The nodes that another node gives the advice for."""

    def finding(
        self, node: ast.AST, new: str, *, old: str = "", why: str = "", level: Level = Level.CHANGE
    ) -> Finding:
        return Finding(
            self.module.source.path,
            node.lineno,  # type: ignore[attr-defined]
            self.module.column(node),
            self.system,
            level,
            old or self.module.text(node),
            new,
            why,
        )

    def mark(self, definition: Definition, new: str, why: str) -> Finding:
        """Return a finding at the line of a function, which may stand in another file."""
        old = f"def {definition.name}"
        return Finding(
            definition.path, definition.line, 1, self.system, Level.CHANGE, old, new, why
        )


@dataclass(frozen=True, kw_only=True)
class System:
    """The rules of one old system."""

    name: str
    """As after ``--system``, and in JSON."""
    title: str
    """As people call it."""
    packages: tuple[str, ...]
    """The packages that belong to this system with all their names."""
    words: str
    """A pattern that matches in each file that can have a finding."""
    names: Mapping[str, Name]
    modules: Mapping[str, Name] = field(default_factory=dict)
    apps: Mapping[str, str] = field(default_factory=dict)
    """Entries of INSTALLED_APPS."""
    backends: Mapping[str, str] = field(default_factory=dict)
    """Values of ``BACKEND``."""
    includes: Mapping[str, str] = field(default_factory=dict)
    """Arguments of ``include()``."""
    management: Mapping[str, str] = field(default_factory=dict)
    """First arguments of ``call_command()``."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    """By the name, or by a pattern of names."""
    commands: tuple[Command, ...] = ()
    requirements: Mapping[str, str] = field(default_factory=dict)
    """Packages, by their normal names, and the requirement to write instead."""
    details: Callable[[Reader], Iterator[Finding]] = lambda _: iter(())
    """Reads code that the tables can't describe."""
    is_used: Callable[[Project], bool] = lambda _: True
    """Whether the names of this system mean this system in a code base."""
