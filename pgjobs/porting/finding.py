"""The advice for one place of a code base."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How certain the advice is."""

    CHANGE = "change"
    """The place must change, and the advice is the new code."""
    LOOK = "look"
    """A person must decide: there is no counterpart, or the counterpart has another meaning."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One place that uses an old system, and the advice for it."""

    path: str
    line: int
    """The number of the line, from 1."""
    column: int
    """The number of the character in the line, from 1, as in editors."""
    system: str
    """The name of the old system, as after ``--system``."""
    level: Level
    old: str
    """The present code, in one line."""
    new: str
    """The new code, or an instruction in words."""
    why: str = ""
    """A sentence that explains the advice; empty if ``new`` needs no explanation."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file that could not be read."""

    path: str
    why: str
    """The reason, for people."""
