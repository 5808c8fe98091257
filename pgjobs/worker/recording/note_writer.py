"""Writes the notes of running jobs: lines for their logs, and their progress."""

from __future__ import annotations

import psycopg
from psycopg.errors import LockNotAvailable

from pgjobs import events
from pgjobs.rows import statements
from pgjobs.rows.notes import Note
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.recording.refusal import is_about_a_row


class NoteWriter:
    """Writes batches of notes, holds up notes of locked jobs, and drops notes that are refused."""

    def __init__(self, connection: EngineConnection) -> None:
        self._connection = connection
        self.held_up: list[Note] = []
        """Notes that found the row of their job locked; each batch begins with these notes."""

    def write(self, notes: list[Note]) -> None:
        """Write ``notes``, ``held_up`` included; may be called again if the connection is lost."""
        self.held_up = []
        self._write(notes)

    def _write(self, notes: list[Note]) -> None:
        try:
            # No transaction for both statements: see `write_notes`. A batch that is tried again
            # writes no line twice, because the lines come last.
            statements.write_notes(self._connection.cursor(), notes)
        except (psycopg.Error, TypeError, ValueError) as error:
            if not is_about_a_row(error):
                raise
            self._write_apart(notes, error)

    def _write_apart(self, notes: list[Note], error: Exception) -> None:
        """Find the job, or the note, that can't be written now, and write the other notes."""
        by_job: dict[int, list[Note]] = {}
        for note in notes:
            by_job.setdefault(note.job_id, []).append(note)
        if len(by_job) > 1:
            for of_job in by_job.values():
                self._write(of_job)
        elif isinstance(error, LockNotAvailable):
            events.tell(events.LogLocked(*by_job))
            self.held_up += notes
        elif len(notes) > 1:
            for note in notes:
                self._write([note])
        else:
            events.tell(events.NoteLost(notes[0].job_id, error))
