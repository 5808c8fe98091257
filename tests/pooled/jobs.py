"""Jobs of workers behind a pooler."""

from __future__ import annotations

from pgjobs import BackgroundJob
from tests.testapp.jobs import leave_trace


class FailsAfterWriting(BackgroundJob):
    class Meta:
        atomic = True

    def run(self) -> None:
        leave_trace("must be rolled back", self.job.pk)
        raise ValueError("boom")
