"""Carries a bulk action out: batch by batch, each in one transaction with its progress.

The row of the action is locked during a batch. So no batch is lost or done twice if a process
is killed or if two carry the action.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, Final

import psycopg
from django.db import DatabaseError, connections, transaction
from django.db.models import Func, Q, TextField, Value
from django.db.models.functions import Now

from pgjobs.error_texts import said_by
from pgjobs.models import Job, JournalEntry
from pgjobs.models.job_database import job_database
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.models.journal import LONGEST_ERROR
from pgjobs.rows.raised import is_of_a_trigger
from pgjobs.rows.rivalry import alone, gave_way
from pgjobs.sql import load
from pgjobs.steering.bulk_verbs import BulkVerb, bulk_verb
from pgjobs.steering.reach import within_reach
from pgjobs.steering.selection import Selection

BATCH: Final = 1000
"""Jobs that change in one transaction."""
OVERDUE: Final = 5.0
"""Seconds after the last batch in which no other process may go on with an action."""

_LOOK: Final = 0.5
"""Seconds between two looks at an action that another process carries."""

State = JournalEntry.State

_PATIENCE: Final = Func(
    Value("lock_timeout"),
    Value("2s"),
    Value(True),
    function="set_config",
    output_field=TextField(),
)
"""Lets the transaction wait no longer for a locked job, in the statement that takes the action."""


def carry(
    action: int, carrier: str, *, on_batch: Callable[[JournalEntry], bool] = lambda entry: True
) -> None:
    """Carry the ``action`` out until it ends, as long as it belongs to ``carrier``.

    ``on_batch`` gets the entry after each batch, and returns whether to go on. Raises DatabaseError
    if the server can't be reached or can't work now.
    """
    batches = _Batches(action, carrier)
    while (entry := batches.take()) is not None:
        if entry.state != State.RUNNING or not on_batch(entry):
            return


def carry_to_the_end(
    entry: JournalEntry,
    carrier: str,
    *,
    on_batch: Callable[[JournalEntry], bool] = lambda entry: True,
) -> JournalEntry:
    """Carry an action out, or wait for the process that does; return its entry as it ended."""
    while entry.state == State.RUNNING:
        carry(entry.pk, carrier, on_batch=on_batch)
        alone(job_database(), entry.refresh_from_db)
        on_batch(entry)
        if entry.state == State.RUNNING:
            time.sleep(_LOOK)
    return entry


def give_up(action: int, carrier: str) -> None:
    """Let another process take the action at once if ``carrier`` has it and has not ended it."""
    entries = JournalEntry.objects.using(job_database())
    entries.filter(pk=action, carrier=carrier, state=State.RUNNING).update(carrier="")


class _JobsUnknown(Exception):
    """The jobs of the action, or its verb, can't be read."""


class _Batches:
    """The batches of one action. After a refusal they get smaller, and then larger again."""

    def __init__(self, action: int, carrier: str) -> None:
        self._action = action
        self._carrier = carrier
        self._using = job_database()
        self._size = BATCH
        self._ids: list[int] = []

    def take(self) -> JournalEntry | None:
        """Change one batch and return the entry; None if another process carries the action."""
        try:
            entry = self._in_transaction(self._change)
        except _JobsUnknown as error:
            said = str(error)
            return self._alone(lambda entry: _end(entry, State.FAILED, said))
        except Exception as error:
            if gave_way(error):
                if connections[self._using].in_atomic_block:  # only the caller can begin it again
                    raise
                time.sleep(random.uniform(0, 0.05))
                return self._alone(lambda entry: entry)
            if _is_about_the_server(error) or not self._ids:
                raise
            return self._after_refusal(error)
        self._size = min(self._size * 10, BATCH)
        return entry

    def _alone(self, act: Callable[[JournalEntry], JournalEntry]) -> JournalEntry | None:
        """Do the same as ``_in_transaction()``, again if PostgreSQL ended it for another one."""
        return alone(self._using, partial(self._in_transaction, act))

    def _in_transaction(self, act: Callable[[JournalEntry], JournalEntry]) -> JournalEntry | None:
        """Return ``act(entry)`` with the row of the action locked, if it is ours."""
        lately = timedelta(seconds=OVERDUE)
        # A batch ahead of the clock is from before the clock was set back.
        overdue = Q(updated__lt=Now() - lately) | Q(updated__gt=Now() + lately)
        ours = Q(carrier__in=["", self._carrier]) | overdue
        entries = JournalEntry.objects.using(self._using).filter(ours, state=State.RUNNING)
        with transaction.atomic(using=self._using):
            if not connections[self._using].savepoint_ids:  # a caller's own keeps its setting
                entries = entries.annotate(patience=_PATIENCE)
            entry = entries.select_for_update(skip_locked=True).filter(pk=self._action).first()
            return None if entry is None else act(entry)

    def _change(self, entry: JournalEntry) -> JournalEntry:
        self._ids = []
        with _knowing():
            verb = bulk_verb(entry.verb, entry.options)
            selected = Selection.from_json(entry.what.get("filter")).jobs()
            jobs = within_reach(entry.user_key, selected)
            self._ids = _next_ids(verb.changeable(jobs), entry, verb, self._size)
        if self._ids:
            # The same conditions again: a job may have changed, and its lock is not held yet.
            batch = jobs.filter(pk__gte=min(self._ids), pk__lte=max(self._ids)).order_by()
            changed = verb.change(verb.changeable(batch), **entry.options)
            _advance(entry, self._carrier, self._ids[-1], changed=changed)
        return entry if len(self._ids) == self._size else _end(entry, State.DONE)

    def _after_refusal(self, error: Exception) -> JournalEntry | None:
        """Make the batches smaller; pass over a job that refuses by itself."""
        if len(self._ids) > 1:
            self._size = max(1, min(self._size, len(self._ids)) // 10)
            return self._alone(lambda entry: entry)
        (job,) = self._ids

        def pass_over(entry: JournalEntry) -> JournalEntry:
            said = f"Job {job}: {_in_one_line(error)}"
            _advance(entry, self._carrier, job, refused=1, error=entry.error or said)
            return entry

        return self._alone(pass_over)


def _next_ids(jobs: JobQuerySet[Job], entry: JournalEntry, verb: BulkVerb, size: int) -> list[int]:
    jobs = jobs.filter(pk__lte=entry.newest)
    if entry.reached is not None:
        reached = {"pk__lt" if verb.newest_first else "pk__gt": entry.reached}
        jobs = jobs.filter(**reached)
    ids = jobs.order_by("-pk" if verb.newest_first else "pk").values_list("pk", flat=True)
    return list(ids[:size])


def _advance(
    entry: JournalEntry,
    carrier: str,
    reached: int,
    *,
    changed: int = 0,
    refused: int = 0,
    error: str = "",
) -> None:
    _write(
        entry,
        carrier=carrier,
        reached=reached,
        done=entry.done + changed,
        refused=entry.refused + refused,
        error=(error or entry.error)[:LONGEST_ERROR],
    )


def _end(entry: JournalEntry, state: str, error: str = "") -> JournalEntry:
    _write(entry, state=state, error=(error or entry.error)[:LONGEST_ERROR])
    return entry


_PROGRESS: Final = ("state", "carrier", "reached", "done", "refused", "error")


def _write(entry: JournalEntry, **changes: Any) -> None:
    """Write the progress of an action.

    Raises DatabaseError if a trigger of the project keeps the row as it was: the batch must not
    commit, or another carrier would change its jobs again.
    """
    columns = {name: getattr(entry, name) for name in _PROGRESS} | changes
    with connections[entry._state.db or job_database()].cursor() as cursor:
        cursor.execute(load("steering/advance"), {"id": entry.pk, **columns})
        written = cursor.fetchone()
    if written != tuple(columns.values()):
        raise DatabaseError("a trigger of pgjobs_journal keeps the entry as it is")
    for name, value in changes.items():
        setattr(entry, name, value)


@contextmanager
def _knowing() -> Any:
    """Raise _JobsUnknown for an entry of other code that this code can't read."""
    try:
        yield
    except Exception as error:
        if _is_about_the_server(error) or gave_way(error):
            raise
        raise _JobsUnknown(_in_one_line(error)) from error


def _in_one_line(error: Exception) -> str:
    return " ".join(said_by(error).split())


_OF_A_STATEMENT: Final = (
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
    psycopg.errors.SerializationFailure,
    psycopg.errors.DeadlockDetected,
)


def _is_about_the_server(error: Exception) -> bool:
    """Return whether no job could change now, whichever it is."""
    cause = error.__cause__ if isinstance(error, DatabaseError) else error
    if is_of_a_trigger(cause) or isinstance(cause, _OF_A_STATEMENT):
        return False
    return isinstance(cause, (psycopg.OperationalError, psycopg.InterfaceError))
