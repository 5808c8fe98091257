"""The indexes and constraints of the table of jobs.

Each index serves the query that it is named for. There are no more indexes than these queries
need, because an update of the status writes every index that the row is in. No index contains a
column that is written while a job runs, so writing its progress writes no index.
"""

from __future__ import annotations

from typing import Final

from django.db import models

from pgjobs.choices import LIVE

INDEXES: Final = (
    models.Index(
        "queue_name",
        models.F("priority").desc(),
        "position",
        name="pgjobs_job_ready",
        condition=models.Q(status="pending"),
    ),
    models.Index(
        fields=["scheduled"], name="pgjobs_job_due", condition=models.Q(status="scheduled")
    ),
    models.Index(
        fields=["worker"], name="pgjobs_job_running", condition=models.Q(status="running")
    ),
    models.Index(
        fields=["object_type", "object_id"],
        name="pgjobs_job_object",
        condition=models.Q(object_id__isnull=False),
    ),
    models.Index(fields=["user"], name="pgjobs_job_user", condition=models.Q(user__isnull=False)),
    models.Index(
        fields=["completed"],
        name="pgjobs_job_finished",
        condition=models.Q(completed__isnull=False),
    ),
    models.Index(
        fields=["completed"],
        name="pgjobs_job_unsuccessful",
        condition=models.Q(status__in=["errored", "failed"]),
    ),
)

CONSTRAINTS: Final = (
    # One live job for each place, however many processes call enqueue_once() at the same time.
    models.UniqueConstraint(
        fields=["once_key"],
        name="pgjobs_job_once",
        condition=models.Q(once_key__isnull=False, status__in=[str(s) for s in LIVE]),
    ),
    # The status fits the moments, whether pgjobs or SQL by hand writes the row.
    models.CheckConstraint(
        name="pgjobs_job_status_fits_times",
        condition=models.Q(status="pending", started=None, completed=None)
        | models.Q(status="scheduled", scheduled__isnull=False, started=None, completed=None)
        | models.Q(status="running", started__isnull=False, completed=None)
        | models.Q(
            status__in=["completed", "errored", "failed"],
            started__isnull=False,
            completed__isnull=False,
        )
        | models.Q(status="cancelled", completed__isnull=False),
    ),
    models.CheckConstraint(
        name="pgjobs_job_interval_positive",
        condition=models.Q(interval=None) | models.Q(interval__gte=1),
    ),
)
