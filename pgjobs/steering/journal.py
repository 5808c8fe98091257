"""Writes the journal: one row for each action, in the transaction of the action."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import transaction

from pgjobs.models import JournalEntry
from pgjobs.models.job_database import job_database
from pgjobs.steering.actor import Actor

_MOST_IDS: Final = 1000
"""Ids of jobs that an entry keeps. The others are counted."""
_LONGEST_SUBJECT: Final = 300


@dataclass(slots=True)
class Act:
    """An action that is taken now. Its verb counts the changes."""

    done: int = 0
    counted: int | None = None
    """The number of things that were asked for; None if it is ``done``."""
    jobs: list[int] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    subject: str = ""


@contextmanager
def acting(verb: str, *, by: Actor, subject: str = "", jobs: Iterable[int] = ()) -> Iterator[Act]:
    """Write a journal entry for the block, in one transaction with it.

    The block sets ``act.done``. If it stays 0, nothing has changed and no entry is written. An
    exception undoes the block and writes no entry.
    """
    using = job_database()
    act = Act(subject=subject, jobs=list(jobs))
    with transaction.atomic(using=using):
        yield act
        if act.done:
            note(
                verb,
                by=by,
                subject=act.subject,
                jobs=act.jobs,
                options=act.options,
                counted=act.done if act.counted is None else act.counted,
                done=act.done,
            )


def note(
    verb: str,
    *,
    by: Actor,
    subject: str = "",
    jobs: Iterable[int] = (),
    options: Mapping[str, Any] | None = None,
    counted: int = 1,
    done: int = 1,
) -> JournalEntry:
    """Write the entry of an action that is done, and return it.

    ``subject`` names a queue, a job class, a schedule or a worker. ``jobs`` are ids. ``options``
    must be JSON, and must hold no values of arguments.
    """
    return JournalEntry.objects.using(job_database()).create(
        who=by.who,
        user_key=by.user_key,
        surface=by.surface,
        verb=verb,
        subject=subject[:_LONGEST_SUBJECT],
        what=_what(list(jobs)),
        options=dict(options or {}),
        counted=counted,
        done=done,
    )


def _what(jobs: list[int]) -> dict[str, Any]:
    if not jobs:
        return {}
    more = {"more": len(jobs) - _MOST_IDS} if len(jobs) > _MOST_IDS else {}
    return {"ids": jobs[:_MOST_IDS], **more}
