"""A job's last chance: losing its worker once more would end it."""

from __future__ import annotations

from django.db.models import F

from pgjobs.choices import JobStatus
from pgjobs.models import Job


def count_last_chance(job: Job) -> bool:
    """Count the interruption of a last chance as it starts; return False if the row has moved on.

    Beforehand, because the rescuer of a dead worker's jobs can't tell which of
    them had started, and only one of them is the one that kills.
    """
    held = Job.objects.filter(pk=job.pk, epoch=job.epoch, status=JobStatus.RUNNING).order_by()
    return bool(held.update(interruptions=F("interruptions") + 1))
