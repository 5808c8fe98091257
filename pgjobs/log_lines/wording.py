"""The wording, level and logger of every log line of the engine: one line for each kind of event.

The lines that jobs write with ``self.logger`` are not of the engine; see ``pgjobs.rows.notes``.
"""

from __future__ import annotations

from typing import Final

from pgjobs import events
from pgjobs.log_lines import of_jobs, of_projects, of_workers
from pgjobs.log_lines.line import Line

LINES: Final[dict[type[events.Event], Line]] = {
    **of_jobs.LINES,
    **of_projects.LINES,
    **of_workers.LINES,
}

SILENT: Final[frozenset[type[events.Event]]] = frozenset(
    {events.JobEnqueued, events.JobEnded, events.JobRescued}
)
"""The kinds of events that have no line. Signals are sent for them. In the log of a worker
`AttemptEnded` stands for the end of a job, and `JobTakenBack` for a rescue."""
