"""Events of schedules and of procrastinate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pgjobs.events.telling import Event


@dataclass(slots=True)
class ScheduleFired(Event):
    """A due time of the system job ``job_class`` came; the next one is ``next_run``.

    ``job`` was enqueued, or it is the previous run if that is still live. The transaction is still
    open.
    """

    job_class: str
    job: Any
    next_run: datetime


@dataclass(slots=True)
class ScheduleNotFired(Event):
    """A system job could not be enqueued at its due time; it waits for the next one."""

    job_class: str
    error: BaseException


@dataclass(slots=True)
class ScheduleOff(Event):
    """A schedule is switched off, because this process does not know its job class."""

    job_class: str


@dataclass(slots=True)
class ScheduleEditDropped(Event):
    """A schedule has the rule of the code again: its class does not let its rule be edited."""

    job_class: str


@dataclass(slots=True)
class ScheduleRefused(Event):
    """PostgreSQL refused to change the row of a schedule: a trigger or a policy objects."""

    job_class: str
    error: BaseException


@dataclass(slots=True)
class TickFailed(Event):
    """A tick of the clock raised ``error``; ``tick`` is its time in seconds since 1970."""

    tick: int
    error: BaseException


@dataclass(slots=True)
class ProcrastinateWorkerLost(Event):
    """A procrastinate worker raised ``error``, and is started again; ``name`` is its thread's."""

    name: str
    error: BaseException
