"""Deletes finished jobs past their retention, and passes over jobs that refuse to be deleted.

A job refuses if a row of a project's table refers to it, or if a trigger or a policy of the project
keeps the row, with an error or without one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

import psycopg
from django.db import Error

from pgjobs import events
from pgjobs.choices import FINISHED
from pgjobs.rows import statements
from pgjobs.rows.cursor import Cursor
from pgjobs.rows.raised import is_of_a_trigger
from pgjobs.rows.silence import RefusedSilently

T = TypeVar("T")
Alone = Callable[[Callable[[Cursor], Any]], Any]
"""Calls an act with a cursor, in a transaction or savepoint of its own."""

BATCH: Final = 1000
"""Jobs that one statement deletes at most: a larger DELETE would hold back the vacuum."""
_ABOUT_THE_SERVER: Final = (
    psycopg.OperationalError,
    psycopg.InternalError,
    psycopg.InterfaceError,
)


class Batch(NamedTuple):
    """The number of deleted jobs, or the job that refused to be deleted, with its error."""

    deleted: int
    refused: int | None = None
    error: Exception | None = None
    was_tried_apart: bool = False
    """Whether the job cost statements of its own."""


class Refusals:
    """Collects the jobs that refused to be deleted, and names them in one event."""

    def __init__(self) -> None:
        self._batches: list[Batch] = []

    def add(self, batch: Batch) -> None:
        if batch.refused is not None:
            self._batches.append(batch)

    def tell(self) -> None:
        if self._batches:
            jobs = [batch.refused for batch in self._batches if batch.refused is not None]
            events.tell(events.JobsNotPruned(jobs, self._batches[0].error))


def prune(alone: Alone, *, days: int, passed_over: set[int]) -> Iterator[Batch]:
    """Delete the jobs that finished more than ``days`` ago; yield each batch.

    A job that refuses joins ``passed_over``. To find it, the batches get smaller.
    """
    limit = BATCH
    while True:
        try:
            deleted, kept = alone(
                partial(statements.prune, days=days, limit=limit, passed_over=passed_over)
            )
        except (psycopg.Error, Error) as error:
            if not _is_refusal(error):
                raise
            if limit > 1:
                limit //= 10
                continue
            job = alone(partial(statements.oldest, days=days, passed_over=passed_over))
            if job is None:  # a trigger for whole statements refuses even to delete nothing
                return
            yield _delete_or_pass_over(alone, job, passed_over, days=days)
            continue
        yield Batch(deleted)
        for job in kept:
            yield _passed_over(job, RefusedSilently([job]), passed_over)
        if deleted + len(kept) < limit:
            return
        limit = min(limit * 10, BATCH)


def _delete_or_pass_over(alone: Alone, job: int, passed_over: set[int], *, days: int) -> Batch:
    try:
        deleted = alone(partial(statements.delete, ids=[job], statuses=FINISHED))
    except (psycopg.Error, Error) as error:
        if not _is_refusal(error):
            raise
        return _passed_over(job, error, passed_over, was_tried_apart=True)
    if not deleted and job == alone(partial(statements.oldest, days=days, passed_over=passed_over)):
        return _passed_over(job, RefusedSilently([job]), passed_over, was_tried_apart=True)
    return Batch(len(deleted))


def _passed_over(
    job: int, error: Exception, passed_over: set[int], *, was_tried_apart: bool = False
) -> Batch:
    passed_over.add(job)
    return Batch(0, job, error, was_tried_apart)


def _is_refusal(error: Exception) -> bool:
    """Return False if the server could not delete any job at that moment."""
    cause = error if isinstance(error, psycopg.Error) else error.__cause__
    if is_of_a_trigger(cause):
        return True
    return isinstance(cause, psycopg.Error) and not isinstance(cause, _ABOUT_THE_SERVER)
