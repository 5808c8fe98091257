"""Events of alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pgjobs.events.telling import Event


@dataclass(slots=True)
class AlertRaised(Event):
    """The condition of ``alert`` holds, and this is told for the first time."""

    alert: Any


@dataclass(slots=True)
class AlertCleared(Event):
    """The condition of ``alert``, which was told as raised, does not hold any more."""

    alert: Any


@dataclass(slots=True)
class AlertNotTold(Event):
    """The notifier of alerts could not be imported, or it raised ``error``; it is called again."""

    alert: Any
    error: BaseException


@dataclass(slots=True)
class AlertsFailed(Event):
    """A worker could not look at the conditions of alerts; the next try follows in a minute."""

    error: BaseException
