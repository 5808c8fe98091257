"""The names of RQ and django-rq for code that was written for them: a port changes its imports.

Each name is imported from here, whatever module of RQ it stood in: ``get_queue`` in place of
``django_rq.get_queue``, ``Job`` in place of ``rq.job.Job``, ``FailedJobRegistry`` in place of
``rq.registry.FailedJobRegistry``. Neither RQ nor Redis is needed. The jobs are jobs of pgjobs: one
row each, inserted in the caller's transaction. ``docs/migrating.md`` says what differs. New code
imports from ``pgjobs``.

Nothing here imports models, because a module may make its queues before they are loaded.
"""

from __future__ import annotations

from typing import Any, Final

from pgjobs.absent_names import absent
from pgjobs.compat.rq.by_id import (
    cancel_job,
    get_current_job,
    requeue_job,
    send_stop_job_command,
)
from pgjobs.compat.rq.connection import get_connection
from pgjobs.compat.rq.decorator import job
from pgjobs.compat.rq.errors import InvalidJobOperation, NoSuchJobError
from pgjobs.compat.rq.jobs import Job
from pgjobs.compat.rq.options import Retry
from pgjobs.compat.rq.queues import Queue, enqueue, get_queue, get_queues
from pgjobs.compat.rq.refused import REMEDIES, RefusedName
from pgjobs.compat.rq.registries import (
    CanceledJobRegistry,
    DeferredJobRegistry,
    FailedJobRegistry,
    FinishedJobRegistry,
    ScheduledJobRegistry,
    StartedJobRegistry,
)
from pgjobs.compat.rq.statuses import JobStatus
from pgjobs.compat.rq.workers import Worker, get_workers_for_queue
from pgjobs.exceptions import JobTimeout as JobTimeoutException
from pgjobs.queues import DEFAULT as RQ_QUEUE_DEFAULT
from pgjobs.queues import HIGH as RQ_QUEUE_HIGH
from pgjobs.queues import LOW as RQ_QUEUE_LOW

__all__ = [
    "RQ_QUEUE_DEFAULT",
    "RQ_QUEUE_HIGH",
    "RQ_QUEUE_LOW",
    "CanceledJobRegistry",
    "DeferredJobRegistry",
    "FailedJobRegistry",
    "FinishedJobRegistry",
    "InvalidJobOperation",
    "Job",
    "JobStatus",
    "JobTimeoutException",
    "NoSuchJobError",
    "Queue",
    "Retry",
    "ScheduledJobRegistry",
    "StartedJobRegistry",
    "Worker",
    "cancel_job",
    "enqueue",
    "get_connection",
    "get_current_job",
    "get_queue",
    "get_queues",
    "get_workers_for_queue",
    "job",
    "requeue_job",
    "send_stop_job_command",
]


_OF_OTHERS: Final = "docs/migrating.md says what stands for other names of RQ."


def __getattr__(name: str) -> Any:
    if name in REMEDIES:
        return RefusedName(name)
    raise absent(__name__, name, __all__, _OF_OTHERS)
