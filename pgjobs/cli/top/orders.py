"""The orders behind the keys: a question that names the consequences, and the verb.

Each order is carried out in the thread of the reader, and returns the result in words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.db.models import F, Func, Value
from django.db.models.functions import Left

from pgjobs import stats
from pgjobs.choices import FINISHED, JobStatus
from pgjobs.cli.top.reader import patiently
from pgjobs.cli.top.texts import lines_of, shortened
from pgjobs.rows.columns import WIDE
from pgjobs.steering import bulk, single
from pgjobs.steering.actor import Actor
from pgjobs.steering.selection import Selection, all_jobs

_MOST: Final = 10_000
"""Jobs that one order retries."""
_LONGEST_NAME: Final = 60
_LENGTH_OF_KIND: Final = 200
"""Characters of the error by which the view pgjobs_failures groups."""


@dataclass(frozen=True, slots=True)
class Order:
    """A question for the user, and the act after the answer yes."""

    question: str
    act: Callable[[], str]


def cancel(job_id: int, name: str, status: str) -> Order | str:
    """Return the order that cancels a live job, or why there is none."""
    if status in FINISHED:
        return f"Job {job_id} has finished: it is {status}."
    then = (
        "It is told to stop within a second." if status == JobStatus.RUNNING else "It will not run."
    )
    return Order(
        f"Cancel job {job_id}, {_called(name)}? {then} If it recurs, its chain ends.",
        partial(_cancel, job_id),
    )


def retry(job_id: int, name: str, status: str) -> Order | str:
    """Return the order that retries a finished job, or why there is none."""
    if status not in FINISHED:
        return f"Job {job_id} has not finished: it is {status}."
    return Order(
        f"Retry job {job_id}, {_called(name)}? It becomes pending again and runs from its start.",
        partial(_retry, job_id),
    )


def retry_kind(kind: stats.FailureKind) -> Order:
    """Return the order that retries all jobs that ended badly in the same way."""
    about = f"{_called(kind.job_class.rpartition('.')[2])} that {kind.status}"
    error = f" with {_called(kind.error)}" if kind.error else ""
    number = f"{kind.jobs} jobs" if kind.jobs != 1 else "1 job"
    first = f" The newest {_MOST} do so first." if kind.jobs > _MOST else ""
    return Order(
        f"Retry {number} of {about}{error}? They become pending again.{first}",
        partial(_retry_kind, kind),
    )


def pause(queue: str, *, is_paused: bool) -> Order:
    """Return the order that pauses a queue, or resumes a paused one."""
    if is_paused:
        question = f"Resume the queue {_called(queue)}? Workers claim its jobs again."
    else:
        question = (
            f"Pause the queue {_called(queue)}? No worker claims from it until it is resumed. "
            "Running jobs go on."
        )
    return Order(question, partial(_pause, queue, is_paused=is_paused))


def _called(name: str) -> str:
    """Return a name from a row in one line, escaped and not too long."""
    return shortened(" ".join(lines_of(name)), _LONGEST_NAME)


def _cancel(job_id: int) -> str:
    if not _steered(job_id, single.cancel):
        return f"Job {job_id} was not cancelled: it has finished or is gone."
    return f"The cancellation of job {job_id} is ordered."


def _retry(job_id: int) -> str:
    if not _steered(job_id, single.retry):
        return f"Job {job_id} was not retried: it is live, is gone, or a live job has its place."
    return f"Job {job_id} is pending again."


def _steered(job_id: int, verb: Callable[..., bool]) -> bool:
    with patiently():
        job = all_jobs().defer(*WIDE).filter(pk=job_id).first()
        return job is not None and verb(job, by=Actor.command())


def _retry_kind(kind: stats.FailureKind) -> str:
    with patiently():
        ids = _of_kind(kind)
    if not ids:
        return "0 of 0 jobs are pending again."
    retried = bulk.start("retry", Selection(ids=tuple(ids)), by=Actor.command(), here=True)
    return f"{retried.done} of {len(ids)} jobs are pending again."


def _of_kind(kind: stats.FailureKind) -> list[int]:
    """Return the ids of the newest jobs that the view groups so."""
    first_line = Func(F("error"), Value("\n"), Value(1), function="split_part")
    jobs = all_jobs().alias(kind=Left(first_line, _LENGTH_OF_KIND)).order_by("-pk")
    alike = jobs.filter(job_class=kind.job_class, status=kind.status, kind=kind.error)
    return list(alike.values_list("pk", flat=True)[:_MOST])


def _pause(queue: str, *, is_paused: bool) -> str:
    with patiently():
        verb = single.resume if is_paused else single.pause
        changed = verb(queue=queue, by=Actor.command())
    if is_paused:
        return f"{queue} is resumed." if changed else f"{queue} was not paused."
    return f"{queue} is paused." if changed else f"{queue} was paused already."
