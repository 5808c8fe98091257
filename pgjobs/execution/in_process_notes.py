"""Log lines and progress of jobs that run in the caller's own process.

The parameter ``jobs`` is the query set of all jobs in the database that is written to.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import DatabaseError, connections, transaction

from pgjobs import events
from pgjobs.execution.in_process_start import Jobs
from pgjobs.rows import statements
from pgjobs.rows.notes import Note


def write_notes(jobs: Jobs, notes: Sequence[Note]) -> None:
    """Write log lines and progress at once."""
    with connections[jobs.db].cursor() as cursor:
        statements.write_notes(cursor, notes)


def write_notes_of_run(jobs: Jobs, notes: Sequence[Note]) -> None:
    """Write the ``notes`` of a run. A note that PostgreSQL refuses is announced and dropped.

    The error must not leave this function: the outcome of the run would be lost.
    """
    if not notes:
        return
    try:
        with transaction.atomic(using=jobs.db):
            write_notes(jobs, notes)
    except DatabaseError as error:
        if len(notes) == 1:
            events.tell(events.NoteLost(notes[0].job_id, error))
            return
        for note in notes:
            write_notes_of_run(jobs, [note])
