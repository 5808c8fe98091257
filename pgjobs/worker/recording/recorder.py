"""Outcomes, log lines and progress to rows, in batches, by one thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Final

import psycopg
from psycopg.errors import LockNotAvailable

from pgjobs import events
from pgjobs.models import Job
from pgjobs.rows import statements
from pgjobs.rows.notes import Note
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.backoff import Backoff
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.recording.refusal import is_about_a_row

LARGEST_BATCH: Final = 1000
NOTES_WAIT: Final = 0.25
"""Seconds that log lines may wait for company; outcomes never wait."""

# A caller's transaction may hold a job's row; the other outcomes must not wait for it for long.
LOCK_TIMEOUT: Final = {"lock_timeout": "'2s'"}

REFUSED_INTERVAL: Final = 1.0
"""Seconds between two tries of what rows refuse, one outcome at a time."""

Entry = tuple[Job, Outcome]


class Recorder:
    """Writes what slots hand it, the notes of a job before its outcome.

    Nothing waits on purpose: while one batch commits, the next one gathers. A batch
    that can't be written, because the server is away, is tried until it is.
    """

    def __init__(
        self,
        connection: EngineConnection,
        *,
        recorded: Callable[[Job], None],
        hears: Callable[[Job], bool] = lambda job: True,
        decided: Callable[[Sequence[Job]], None] = lambda jobs: None,
    ) -> None:
        """``decided`` learns of all jobs whose outcomes were accepted or refused, ``recorded`` of
        each one that ended, if it ``hears`` of it."""
        self._connection = connection
        self._recorded = recorded
        self._hears = hears
        self._decided = decided
        self._inbox: SimpleQueue[Entry | Note | threading.Event] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="pgjobs-recorder", daemon=True)
        self._backoff = Backoff()
        self._stopping = False
        self._refused: dict[tuple[int, int], Entry] = {}
        self._held_up: list[Note] = []
        self._next_refused = 0.0
        # After a lost connection: the commit may have gone through, and only its answer be lost.
        self._is_uncertain = False

    def start(self) -> None:
        self._thread.start()

    def put(self, job: Job, outcome: Outcome) -> None:
        self._inbox.put((job, outcome))

    def note(self, note: Note) -> None:
        self._inbox.put(note)

    def settle(self) -> threading.Event:
        """Return an event that is set once all that was handed in so far has been decided."""
        settled = threading.Event()
        self._inbox.put(settled)
        return settled

    def stop(self, timeout: float) -> bool:
        """Write what is left; say whether all of it was written in time."""
        self._stopping = True
        self.settle()
        self._thread.join(timeout)
        return not (self._thread.is_alive() or self._refused)

    def _run(self) -> None:
        while not (self._stopping and self._inbox.empty() and not self._held_up):
            entries, notes, settled = self._gather()
            self._write(entries, notes)
            self._until_written(self._try_refused)
            if settled is not None:
                settled.set()
        self._connection.close()

    def _gather(self) -> tuple[list[Entry], list[Note], threading.Event | None]:
        """Take what is there, up to a batch, or to somebody who waits for it to be settled."""
        entries: list[Entry] = []
        notes: list[Note] = []
        deadline = self._next_refused if self._refused else None
        if self._held_up:
            deadline = 0.0
        while len(entries) < LARGEST_BATCH and len(notes) < LARGEST_BATCH:
            try:
                item = self._next(deadline)
            except Empty:
                break
            if isinstance(item, threading.Event):
                return entries, notes, item
            if isinstance(item, tuple):
                entries.append(item)
                deadline = 0.0
            else:
                notes.append(item)
                soon = time.monotonic() + NOTES_WAIT
                deadline = soon if deadline is None else min(deadline, soon)
        return entries, notes, None

    def _next(self, deadline: float | None) -> Entry | Note | threading.Event:
        if deadline is None:
            return self._inbox.get()
        if (wait := deadline - time.monotonic()) > 0:
            return self._inbox.get(timeout=wait)
        return self._inbox.get_nowait()

    def _write(self, entries: list[Entry], notes: list[Note]) -> None:
        if notes := self._held_up + notes:
            self._until_written(lambda: self._write_gathered(notes))
        if entries:
            self._until_written(lambda: self._record(entries))

    def _until_written(self, write: Callable[[], None]) -> None:
        while True:
            try:
                write()
            except psycopg.Error as error:
                self._connection.close()
                self._is_uncertain = True
                if self._backoff.is_news:
                    events.tell(events.DatabaseAway("recording", error))
                time.sleep(self._backoff.next())
            else:
                self._backoff.reset()
                self._is_uncertain = False
                return

    def _write_gathered(self, notes: list[Note]) -> None:
        self._held_up = []
        self._write_notes(notes)

    def _write_notes(self, notes: list[Note]) -> None:
        try:
            with self._connection.get().transaction():  # or what is tried again would stand twice
                statements.write_notes(self._connection.cursor(), notes)
        except (psycopg.Error, TypeError, ValueError) as error:
            if not is_about_a_row(error):
                raise
            self._write_notes_apart(notes, error)

    def _write_notes_apart(self, notes: list[Note], error: Exception) -> None:
        """Find whose notes, or which one, can't be written now, and write the others."""
        by_job: dict[int, list[Note]] = {}
        for note in notes:
            by_job.setdefault(note.job_id, []).append(note)
        if len(by_job) > 1:
            for of_job in by_job.values():
                self._write_notes(of_job)
        elif isinstance(error, LockNotAvailable):
            events.tell(events.LogLocked(*by_job))
            self._held_up += notes
        elif len(notes) > 1:
            for note in notes:
                self._write_notes([note])
        else:
            events.tell(events.NoteLost(notes[0].job_id, error))

    def _try_refused(self) -> None:
        """See whether rows have come to accept what they refused; one that has not ends the try."""
        while self._refused and time.monotonic() >= self._next_refused:
            self._record([next(iter(self._refused.values()))])

    def _record(self, entries: list[Entry]) -> None:
        try:
            recorded = self._recorded_of(entries)
        except (psycopg.Error, TypeError, ValueError) as error:
            if not is_about_a_row(error):
                raise
            if len(entries) == 1:
                self._record_otherwise(*entries[0], error)
            else:
                for entry in entries:  # find it, and write the others
                    self._record([entry])
            return
        self._note_recorded(entries, recorded)

    def _recorded_of(self, entries: list[Entry]) -> dict[int, statements.Recorded]:
        cursor = self._connection.cursor()
        is_heard = any(self._hears(job) for job, _ in entries)
        recorded = statements.record(cursor, [outcome for _, outcome in entries], moments=is_heard)
        if self._is_uncertain:
            recorded |= statements.already_recorded(
                cursor, [outcome for job, outcome in entries if job.id not in recorded]
            )
        return recorded

    def _record_otherwise(self, job: Job, outcome: Outcome, error: Exception) -> None:
        """Rather end the job as errored, with the reason, than not at all."""
        if outcome.is_bare or isinstance(error, LockNotAvailable):
            self._set_aside(job, outcome, error)
            return
        instead = outcome.unstorable(error)
        try:
            recorded = self._recorded_of([(job, instead)])
        except psycopg.Error as worse:
            if not is_about_a_row(worse):
                raise
            self._set_aside(job, outcome, worse)
        else:
            events.tell(events.OutcomeUnstorable(job, outcome.status, error))
            self._note_recorded([(job, instead)], recorded)

    def _set_aside(self, job: Job, outcome: Outcome, error: Exception) -> None:
        key = (job.id, job.epoch)
        known = self._refused.pop(key, None)
        if isinstance(error, LockNotAvailable):
            events.tell(events.OutcomeLocked(job))
            self._inbox.put((job, outcome))
            return
        if known is None:
            events.tell(events.OutcomeRefused(job, outcome.status, error))
        self._refused[key] = job, outcome
        self._next_refused = time.monotonic() + REFUSED_INTERVAL

    def _note_recorded(
        self, entries: list[Entry], recorded: dict[int, statements.Recorded]
    ) -> None:
        self._decided([job for job, _ in entries])
        if self._refused:
            self._note_accepted(entries)
        for job, outcome in entries:
            if (row := recorded.get(job.id)) is None:
                events.tell(events.OutcomeStale(job, outcome.status))
            elif self._hears(job):
                job.status, job.error = row.status, outcome.error
                job.started, job.completed = row.started, row.completed
                if job.is_finished:
                    self._recorded(job)

    def _note_accepted(self, entries: list[Entry]) -> None:
        for job, _ in entries:
            if self._refused.pop((job.id, job.epoch), None):
                events.tell(events.OutcomeAcceptedAfterAll(job))
