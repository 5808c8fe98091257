"""The thread that writes to rows: outcomes, log lines and progress, in batches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

import psycopg

from pgjobs import events
from pgjobs.models import Job
from pgjobs.rows.accepted import Recorded, already_recorded
from pgjobs.rows.notes import Note
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from pgjobs.rows.silence import RefusedSilently
from pgjobs.rows.statements import locked
from pgjobs.sql import load
from pgjobs.worker.connection import DURABLE_COMMIT, EngineConnection
from pgjobs.worker.engine_thread import EngineThread
from pgjobs.worker.recording.delivery import Delivery
from pgjobs.worker.recording.entry import Entry
from pgjobs.worker.recording.note_writer import NoteWriter
from pgjobs.worker.recording.refusal import Refusals, is_about_a_row
from pgjobs.worker.recording.session import Session

LARGEST_BATCH: Final = 1000
NOTES_WAIT: Final = 0.25
"""Seconds that notes may wait for more notes; outcomes never wait."""

SETTINGS: Final = {
    # A transaction of the project may hold a job's row: other outcomes must not wait for long.
    "lock_timeout": "'2s'",
    **DURABLE_COMMIT,
}


class Recorder:
    """Writes the outcomes and notes that slots hand in, the notes of a job before its outcome.

    No outcome waits on purpose: while one batch commits, the next batch gathers. While the server
    is away, the recorder tries the same batch again until it is written.
    """

    def __init__(
        self,
        connection: EngineConnection,
        *,
        announce: Callable[[Job], None],
        is_heard: Callable[[Job], bool] = lambda job: True,
        on_decided: Callable[[Sequence[Job]], None] = lambda jobs: None,
    ) -> None:
        """Call ``on_decided`` with jobs once their outcomes are decided: written or stale.

        Then call ``announce`` with each job that has finished, if ``is_heard`` says so.
        """
        self._connection = connection
        self._announce = announce
        self._is_heard = is_heard
        self._on_decided = on_decided
        self._inbox: SimpleQueue[Entry | Note | threading.Event] = SimpleQueue()
        self._delivery = Delivery(connection)
        self._session = session = Session(connection)
        self._notes = NoteWriter(connection, session)
        self._refusals = Refusals(
            record=self._record,
            record_in_haste=self._record_in_haste,
            locked=self._locked,
            put_back=self._inbox.put,
        )
        self._thread = EngineThread("pgjobs-recorder", self._run)
        self._stopping = False

    def start(self) -> None:
        """Connect and begin to write. If no server answers now, the first batch connects again.

        The first job could take all descriptors of this process, and its outcome would find none.
        """
        with suppress(psycopg.Error):
            self._connection.get()
        self._thread.start()

    def put(self, job: Job, outcome: Outcome) -> None:
        self._inbox.put((job, outcome))

    def note(self, note: Note) -> None:
        self._inbox.put(note)

    def settle(self) -> threading.Event:
        """Return an event that is set once each outcome handed in so far was tried."""
        settled = threading.Event()
        self._inbox.put(settled)
        return settled

    def stop(self, timeout: float) -> bool:
        """Write all that is left; return False if this took longer than ``timeout`` seconds."""
        self._stopping = True
        self.settle()
        self._thread.join(timeout)
        return not (self._thread.is_alive() or self._refusals)

    @property
    def busy_for(self) -> float:
        """Seconds that the present statement has taken; 0 while there is nothing to write."""
        return self._delivery.busy.seconds

    def _run(self) -> None:
        while not self._stopping or self._has_more_to_write:
            entries, notes, settled = self._gather()
            if notes := self._notes.take_held_up() + notes:
                self._deliver_notes(notes)
            if entries:
                self._deliver_outcomes(entries)
            if self._refusals:
                self._delivery.retry(self._refusals.try_again)
            if settled is not None:
                settled.set()
        self._connection.close()

    @property
    def _has_more_to_write(self) -> bool:
        waits = bool(self._notes.held_up) or self._refusals.awaits_lock
        return waits or not self._inbox.empty()

    def _gather(self) -> tuple[list[Entry], list[Note], threading.Event | None]:
        """Wait for an item or for the next try of refused outcomes; return at most a full batch.

        If an event of ``settle()`` comes, return it at once, with the items before it.
        """
        entries: list[Entry] = []
        notes: list[Note] = []
        deadline = 0.0 if self._notes.held_up else self._refusals.next_try
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
        """Return the next item; raise ``queue.Empty`` if there is none before ``deadline``.

        ``deadline`` is a ``time.monotonic()``; None waits without an end, 0.0 does not wait.
        """
        if deadline is None:
            return self._inbox.get()
        if deadline and (wait := deadline - time.monotonic()) > 0:
            return self._inbox.get(timeout=wait)
        return self._inbox.get_nowait()

    def _deliver_notes(self, notes: Sequence[Note]) -> None:
        writer = self._notes
        self._delivery.deliver(
            notes, writer.write, size_of=lambda note: len(note.message), write_instead=writer.drop
        )

    def _deliver_outcomes(self, entries: Sequence[Entry]) -> None:
        self._delivery.deliver(
            entries,
            self._write,
            size_of=lambda entry: entry[1].size,
            write_instead=self._refusals.shorten,
        )

    def _write(self, entries: Sequence[Entry]) -> None:
        try:
            self._record(entries)
        except RefusedSilently as error:
            refused = [entry for entry in entries if entry[0].id in error.jobs]
            self._refusals.write_apart(refused, error)
        except (psycopg.Error, TypeError, ValueError) as error:
            if not is_about_a_row(error):
                raise
            self._refusals.write_apart(entries, error)

    def _record_in_haste(self, entries: Sequence[Entry]) -> Container[int]:
        return self._record(entries, in_haste=True)

    def _record(self, entries: Sequence[Entry], *, in_haste: bool = False) -> Container[int]:
        """Write ``entries`` or raise; return the ids of the jobs with outcomes in the rows.

        RefusedSilently names the jobs that have refused; the others are written.
        """
        self._delivery.busy.begin()
        write = record_in_haste if in_haste else record_patiently
        try:
            recorded = self._session.run(lambda: write(self._connection, *self._asked(entries)))
        except RefusedSilently as refusal:
            others = [entry for entry in entries if entry[0].id not in refusal.jobs]
            self._decide(others, refusal.recorded)
            raise
        return self._decide(entries, recorded)

    def _asked(self, entries: Sequence[Entry]) -> tuple[list[Outcome], bool]:
        """Return the outcomes to write, and whether the moments of their ends are of use."""
        return [outcome for _, outcome in entries], bool(self._heard(entries))

    def _heard(self, entries: Sequence[Entry]) -> list[Entry]:
        return [entry for entry in entries if self._is_heard(entry[0])]

    def _decide(
        self, entries: Sequence[Entry], recorded: dict[int, Recorded]
    ) -> dict[int, Recorded]:
        """Tell of ``entries``: an outcome that is not ``recorded`` is stale."""
        if self._delivery.is_uncertain:
            missing = [outcome for job, outcome in entries if job.id not in recorded]
            recorded = recorded | already_recorded(self._connection.cursor(), missing)
        self._after_recording(entries, self._heard(entries), recorded)
        return recorded

    def _locked(self, entries: Sequence[Entry]) -> Container[int]:
        return locked(self._connection.cursor(), [job.id for job, _ in entries])

    def _after_recording(
        self, entries: Sequence[Entry], heard: Sequence[Entry], recorded: dict[int, Recorded]
    ) -> None:
        """Let go of the jobs, tell of stale outcomes, and announce the ends that are ``heard``."""
        self._on_decided([job for job, _ in entries])
        if self._refusals:
            self._refusals.forget_decided(entries, written=recorded)
        if len(recorded) < len(entries):
            for job, outcome in entries:
                if job.id not in recorded:
                    events.tell(events.OutcomeStale(job, outcome.status))
        for job, outcome in heard:
            if (row := recorded.get(job.id)) is not None:
                job.status, job.error = row.status, outcome.error
                job.started, job.completed = row.started, row.completed
                if job.is_finished:
                    self._announce(job)


def record_patiently(
    connection: EngineConnection, outcomes: Sequence[Outcome], moments: bool
) -> dict[int, Recorded]:
    return record(connection.cursor(), outcomes, moments=moments)


def record_in_haste(
    connection: EngineConnection, outcomes: Sequence[Outcome], moments: bool
) -> dict[int, Recorded]:
    with connection.get().transaction():
        connection.cursor().execute(load("haste"))
        # A cursor of a pooled session would set the usual limit again.
        return record(connection.get().cursor(), outcomes, moments=moments)
