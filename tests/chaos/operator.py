"""An operator who ends running jobs and has them run again, while their first runs go on.

The worker of the first run may get the job a second time, and then only the epoch tells the two
runs apart. After each of the other faults, a late outcome bears the number of another worker.
"""

from __future__ import annotations

import time
from typing import Final

from django.db import DatabaseError, connection, transaction

from pgjobs.choices import JobStatus
from pgjobs.models import Job

_INTERVAL: Final = 1.0
_AT_ONCE: Final = 2
# The first runs of these jobs are likely to end before they are told to. Jobs that should have
# ended already are left out: they belong to dead workers, and wait for their rescue.
_SOONEST_TO_END: Final = """
SELECT job.*
FROM pgjobs_job AS job
CROSS JOIN LATERAL (
    SELECT started + make_interval(secs => (kwargs ->> 'seconds')::float8) AS ends
) AS its
WHERE status = 'running' AND job_class LIKE '%%.Slow%%' AND its.ends > statement_timestamp()
ORDER BY its.ends
LIMIT %s
"""


class Operator:
    def __init__(self) -> None:
        self._next = time.monotonic()
        self.taken_away: set[tuple[int, int]] = set()
        """The jobs that were taken away, each with its epoch."""

    def turn(self) -> None:
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _INTERVAL
        try:
            for job in Job.objects.raw(_SOONEST_TO_END, [_AT_ONCE]):
                self._take_away(job)
        except DatabaseError:
            connection.close()

    def _take_away(self, job: Job) -> None:
        with transaction.atomic():
            if job.terminate(JobStatus.ERRORED, "An operator took it away."):
                job.retry()
                self.taken_away.add((job.pk, job.epoch))
