"""What Overseer can't ask of a backend by Django's framework, asked of pgjobs."""

from __future__ import annotations

from typing import Any

from django.db import router
from overseer.adapters.base import BaseAdapter

from pgjobs.models import Job


class PgJobsAdapter(BaseAdapter):
    supports_cancel = True
    supports_reset = True

    def cancel(self, run: Any) -> bool:
        waiting = Job.objects.filter(pk=run.result_id, status__in=["pending", "scheduled"])
        return bool(waiting.cancel())

    def reset(self, run: Any) -> bool:
        return bool(Job.objects.filter(pk=run.result_id, status="running").cancel())

    def queue_depth(self, queue_name: str | None = None) -> int:
        waiting = Job.objects.filter(status="pending")
        return (waiting.filter(queue_name=queue_name) if queue_name else waiting).count()

    def storage_alias(self) -> str:
        return router.db_for_write(Job)
