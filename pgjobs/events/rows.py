"""Events in which the engine writes to the row of a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pgjobs.events.telling import Event


@dataclass(slots=True)
class JobsNotPruned(Event):
    """Finished ``jobs`` past their retention refused to be deleted; ``error`` is the first refusal.

    ``jobs`` has their ids.
    """

    jobs: Sequence[int]
    error: BaseException | None


@dataclass(slots=True)
class OutcomeStale(Event):
    """An outcome of ``status`` was not written, because the row has moved on to another run."""

    job: Any
    status: str


@dataclass(slots=True)
class OutcomeUnstorable(Event):
    """PostgreSQL refused an outcome of ``status``; the job ended as errored instead."""

    job: Any
    status: str
    error: BaseException


@dataclass(slots=True)
class SuccessorLost(Event):
    """PostgreSQL refused the successor of a recurring job, so the job ended and its chain too."""

    job_id: int
    error: BaseException


@dataclass(slots=True)
class OutcomeRefused(Event):
    """PostgreSQL refuses every end of a row, which therefore stays running.

    Told once for each run of a job, although the outcome is tried again and again.
    """

    job: Any
    status: str
    error: BaseException


@dataclass(slots=True)
class OutcomeAcceptedAfterAll(Event):
    """The outcome of an earlier `OutcomeRefused` was written."""

    job: Any


@dataclass(slots=True)
class OutcomeLocked(Event):
    """Another transaction holds the row of a job, so its outcome will be tried again."""

    job: Any


@dataclass(slots=True)
class LogLocked(Event):
    """Another transaction holds the row of a job, so its log lines and progress wait."""

    job_id: int


@dataclass(slots=True)
class NoteLost(Event):
    """PostgreSQL refused a log line or a progress of a job; it is dropped."""

    job_id: int
    error: BaseException
