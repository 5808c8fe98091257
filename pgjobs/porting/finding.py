"""What a port has to change at one place of a code base."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How sure the advice is."""

    CHANGE = "change"
    """The place must change."""
    LOOK = "look"
    """A person must look: there is no counterpart, or it means something else."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One place that uses an old system, and what to write there."""

    path: str
    line: int
    column: int
    """Counted from 1, as in editors."""
    system: str
    level: Level
    old: str
    """The code on this place, in one line."""
    new: str
    """The code to write instead, or what to do in words."""
    why: str = ""
    """A sentence for people; empty if ``new`` says all."""


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file that could not be read, and why."""

    path: str
    why: str
