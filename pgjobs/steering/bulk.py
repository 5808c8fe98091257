"""Starts bulk actions. The journal holds each one, so it outlives the process that started it."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from pgjobs.conf import get_settings
from pgjobs.exceptions import InvalidArgument, PgJobsError
from pgjobs.models import Job, JournalEntry, WorkerProcess
from pgjobs.models.job_database import job_database, tried_again
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.models.journal import LONGEST_JSON, SIZES
from pgjobs.steering.actor import Actor
from pgjobs.steering.bulk_verbs import bulk_verb
from pgjobs.steering.carrying import carry_to_the_end
from pgjobs.steering.journal import acting
from pgjobs.steering.reach import within_reach
from pgjobs.steering.selection import Selection

State = JournalEntry.State

_LOOK: Final = 0.2
"""Seconds between two looks for a carrier."""


class NoLivingWorker(PgJobsError):
    """A bulk action was left to the workers, and none lives. Nothing has changed."""

    def __init__(self) -> None:
        super().__init__(
            "No worker lives that could carry the action out. Start one, or run the action here."
        )


def start(
    verb: str,
    selection: Selection,
    *,
    by: Actor,
    options: Mapping[str, Any] | None = None,
    here: bool = False,
) -> JournalEntry:
    """Start a bulk action on the jobs of ``selection``, and return its journal entry.

    The workers carry it out, in batches of 1,000 jobs that commit; the entry shows how far they
    have come. With ``here`` this process does so before the call returns, and a worker goes on if
    the process ends. Jobs that are enqueued later are left out.

    Raises NoLivingWorker if no worker lives and ``here`` is not given, and InvalidArgument for a
    verb that does not exist and for a selection without a filter.
    """
    if not here and not a_worker_lives():
        raise NoLivingWorker
    entry = enter(verb, selection, by=by, options=options, carrier=this_process() if here else "")
    if here:
        return carry_to_the_end(entry, this_process())
    return entry


@tried_again
def enter(
    verb: str,
    selection: Selection,
    *,
    by: Actor,
    options: Mapping[str, Any] | None = None,
    carrier: str = "",
) -> JournalEntry:
    """Write the entry of a new bulk action for its ``carrier``, or for any worker, and return it.

    Raises as ``start()``.
    """
    jobs = within_reach(by.user_key, changeable(verb, selection, options))
    newest = jobs.order_by("-pk").values_list("pk", flat=True).first()
    state = {"state": State.DONE} if newest is None else {"state": State.RUNNING, "ended": None}
    with _in_words():
        return JournalEntry.objects.using(job_database()).create(
            who=by.who,
            user_key=by.user_key,
            surface=by.surface,
            verb=verb,
            what={"filter": selection.to_json()},
            options=dict(options or {}),
            counted=jobs.count(),
            carrier=carrier,
            newest=newest,
            **state,
        )


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        with transaction.atomic(using=job_database()):
            yield
    except IntegrityError as error:
        if getattr(getattr(error.__cause__, "diag", None), "constraint_name", None) != SIZES:
            raise
        raise InvalidArgument(
            f"The filter must have at most {LONGEST_JSON:,} characters as JSON; give a shorter one."
        ) from None


def changeable(
    verb: str, selection: Selection, options: Mapping[str, Any] | None = None
) -> JobQuerySet[Job]:
    """Return the jobs of ``selection`` that the bulk action ``verb`` can change.

    Raises InvalidArgument as ``start()``.
    """
    if selection.is_empty:
        raise InvalidArgument("Name the jobs by a filter.")
    return bulk_verb(verb, options or {}).changeable(selection.jobs()).order_by()


@tried_again
def cancel_action(action: int, *, by: Actor) -> bool:
    """Stop a bulk action before its next batch; return False if it has ended or does not exist."""
    with acting("cancel action", by=by, subject=str(action)) as act:
        running = JournalEntry.objects.using(job_database()).filter(pk=action, state=State.RUNNING)
        act.done = running.update(state=State.CANCELLED, ended=Now(), updated=Now())
    return bool(act.done)


def is_taken(entry: JournalEntry, *, within: float) -> bool:
    """Wait until a process carries the action out; return False if none does in time.

    A worker carries one action at a time, and a worker of a release without a journal carries none.
    """
    deadline = time.monotonic() + within
    while not entry.carrier and entry.state == State.RUNNING:
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK)
        entry.refresh_from_db()
    return True


def a_worker_lives() -> bool:
    """Return whether a worker has sent a heartbeat within its lease."""
    since = Now() - timedelta(seconds=get_settings().HEARTBEAT_TIMEOUT)
    workers = WorkerProcess.objects.using(job_database())
    return workers.filter(stopped=None, heartbeat__gt=since).exists()


def this_process() -> str:
    """Return the name of this process as a carrier of bulk actions."""
    return f"process {os.getpid()} on {socket.gethostname()[:200]}"
