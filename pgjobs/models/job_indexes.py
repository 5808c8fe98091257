"""The indexes and constraints of the table of jobs.

Each index serves the query that it is named for. There are no more indexes than these queries
need, because an update of the status writes every index that the row is in. No index contains a
column that is written while a job runs, so writing its progress writes no index.
"""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models.functions import Greatest, Least
from django.db.models.lookups import GreaterThanOrEqual, LessThan

from pgjobs.choices import LIVE, WAITING
from pgjobs.limits import END_OF_TIME, FIRST_MOMENT, HIGHEST_COUNT, HIGHEST_EPOCH

_MOMENTS: Final = ("created", "scheduled", "started", "completed", "cancel_requested")

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
    # Python can hold each moment. GREATEST and LEAST pass over NULL.
    models.CheckConstraint(
        name="pgjobs_job_moments_in_range",
        condition=models.Q(GreaterThanOrEqual(Least(*_MOMENTS), FIRST_MOMENT))
        & models.Q(LessThan(Greatest(*_MOMENTS), END_OF_TIME)),
    ),
    # A claim and the loss of a worker can raise each counter of a waiting job.
    models.CheckConstraint(
        name="pgjobs_job_counters_in_range",
        condition=~models.Q(status__in=[str(s) for s in WAITING])
        | models.Q(
            epoch__lt=HIGHEST_EPOCH, attempt__lt=HIGHEST_COUNT, interruptions__lt=HIGHEST_COUNT
        ),
    ),
)
