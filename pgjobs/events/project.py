"""Events in the project's own code: its receivers and its notifier."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pgjobs.events.telling import Event


@dataclass(slots=True)
class ReceiverFailed(Event):
    """A receiver of a signal raised ``error``."""

    receiver: object
    job: Any
    error: BaseException


@dataclass(slots=True)
class NotifierFailed(Event):
    """The function of ``PGJOBS["NOTIFIER"]`` could not be imported, or it raised ``error``."""

    job: Any
    error: BaseException


@dataclass(slots=True)
class NotifiedByLog(Event):
    """The user of ``job`` was to be notified, and the project has no notifier but the log."""

    job: Any


@dataclass(slots=True)
class TracerFailed(Event):
    """A tracer raised ``error`` around the sending or the run of a job, which go on without it."""

    tracer: object
    error: BaseException


@dataclass(slots=True)
class LoggingMended(Event):
    """A job had put ``spoiled`` into the module ``logging``, which raised ``error``. It is taken
    back."""

    spoiled: object
    error: BaseException


@dataclass(slots=True)
class AnnouncementFailed(Event):
    """The end of a job could not be announced: neither signal nor notification is certain."""

    job: Any
    error: BaseException
