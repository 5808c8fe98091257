"""What a worker tells of itself."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from pgjobs.models.moments import in_range


class WorkerFacts(models.Model):
    """The version of the code that one worker runs, and the memory of its process.

    They are no columns of the worker's row, which each heartbeat writes anew, and an older schema
    without this table stops no heartbeat.
    """

    worker_id = models.BigIntegerField(primary_key=True)
    code_version = models.CharField(max_length=200)
    """``PGJOBS["CODE_VERSION"]``."""
    pgjobs_version = models.CharField(max_length=200)
    memory = models.PositiveIntegerField()
    """The resident memory in MiB, without the processes of isolated jobs."""
    told = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        db_table = "pgjobs_worker_facts"
        constraints = (
            models.CheckConstraint(
                name="pgjobs_worker_facts_moment_in_range", condition=in_range("told")
            ),
        )

    def __str__(self) -> str:
        return f"worker {self.worker_id}: {self.code_version}"
