"""Writes the notes of running jobs: lines for their logs, and their progress."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import psycopg
from psycopg.errors import LockNotAvailable

from pgjobs import events
from pgjobs.rows import statements
from pgjobs.rows.notes import Note
from pgjobs.rows.text import in_ascii, lacks_a_character
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.recording.refusal import is_about_a_row
from pgjobs.worker.recording.session import Session


class NoteWriter:
    """Writes batches of notes, holds up notes of locked jobs, and drops notes that are refused."""

    def __init__(self, connection: EngineConnection, session: Session) -> None:
        self._connection = connection
        self._session = session
        self.held_up: list[Note] = []
        """Notes that found the row of their job locked; the next batch begins with these notes."""

    def take_held_up(self) -> list[Note]:
        held_up, self.held_up = self.held_up, []
        return held_up

    def write(self, notes: Sequence[Note]) -> None:
        """Write ``notes``; may be called again if the connection is lost."""
        held_up = list(self.held_up)
        try:
            self._write(notes)
        except psycopg.Error:  # all of them will be written again
            self.held_up = held_up
            raise

    @staticmethod
    def drop(note: Note, error: Exception) -> None:
        """Tell that ``note`` is lost: even alone it breaks each session that writes it."""
        events.tell(events.NoteLost(note.job_id, error))

    def _write(self, notes: Sequence[Note]) -> None:
        try:
            # No transaction for both statements: see `write_notes`. A batch that is tried again
            # writes no line twice, because the lines come last.
            self._session.run(lambda: statements.write_notes(self._connection.cursor(), notes))
        except (psycopg.Error, TypeError, ValueError) as error:
            if not is_about_a_row(error):
                raise
            self._write_apart(notes, error)

    def _write_apart(self, notes: Sequence[Note], error: Exception) -> None:
        """Find the job, or the note, that can't be written now, and write the other notes."""
        by_job: dict[int, list[Note]] = {}
        for note in notes:
            by_job.setdefault(note.job_id, []).append(note)
        if len(by_job) > 1:
            if isinstance(error, LockNotAvailable):
                self._hold_up_locked(by_job)
                self._write_jobs_until_one_waits(by_job)
                return
            for of_job in by_job.values():
                self._write(of_job)
        elif isinstance(error, LockNotAvailable):
            events.tell(events.LogLocked(*by_job))
            self.held_up += notes
        elif len(notes) > 1:
            for note in notes:
                self._write([note])
        else:
            self._write_in_ascii_or_drop(notes[0], error)

    def _write_in_ascii_or_drop(self, note: Note, error: Exception) -> None:
        if lacks_a_character(error) and not note.message.isascii():
            self._write([replace(note, message=in_ascii(note.message))])
        else:
            self.drop(note, error)

    def _write_jobs_until_one_waits(self, by_job: dict[int, list[Note]]) -> None:
        """Write the notes job by job; hold up the rest once the notes of one had to wait.

        A trigger of the project may wait for a lock, for each of these jobs. Outcomes must not wait
        for that. The order is a new one each time, so that the notes of other jobs come through.
        """
        jobs = random.sample(sorted(by_job), len(by_job))
        while jobs:
            held_up = len(self.held_up)
            self._write(by_job[jobs.pop()])
            if len(self.held_up) > held_up:
                break
        for job in sorted(jobs):
            self.held_up += by_job[job]

    def _hold_up_locked(self, by_job: dict[int, list[Note]]) -> None:
        """Take the jobs whose rows are locked out: each would wait for its lock by itself."""
        for job_id in statements.locked(self._connection.cursor(), by_job):
            events.tell(events.LogLocked(job_id))
            self.held_up += by_job.pop(job_id)
