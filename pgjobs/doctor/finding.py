"""One finding of the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Severity(IntEnum):
    """How bad a finding is."""

    NOTE = 0
    """Worth knowing; nothing is wrong."""
    WARNING = 1
    """It slows jobs down, or will soon be critical."""
    CRITICAL = 2
    """Jobs wait for ever, or fail."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, how it shows, and its remedy."""

    severity: Severity
    about: str
    """A short and stable name, for scripts: ``unserved queue``."""
    evidence: str
    remedy: str
