"""The result of one run of a job, for a test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pgjobs.models import Job


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of a job, after its end."""

    job: Job
    """The row after the run."""
    result: Any
    """The return value of ``run()``, decoded from the row."""
    exception: BaseException | None
    """The exception that left ``run()``, or None."""

    @property
    def status(self) -> str:
        """The status after the run: ``scheduled`` if the job will be tried again."""
        return self.job.status

    @property
    def data(self) -> Any:
        """The value of ``self.job.data`` at the end of the run."""
        return self.job.data

    @property
    def error(self) -> str:
        """The text of the failure; empty for a job that completed."""
        return self.job.error

    @property
    def log(self) -> list[str]:
        """The messages in the job's log, the oldest first."""
        return list(self.job.log_entries.values_list("message", flat=True))
