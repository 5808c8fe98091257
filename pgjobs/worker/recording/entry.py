"""An entry: a job, and the outcome that the recorder writes to the row of the job."""

from __future__ import annotations

from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome

Entry = tuple[Job, Outcome]
