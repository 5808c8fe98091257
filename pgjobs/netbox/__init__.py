"""NetBox's names for code that was written for NetBox: a port changes its imports only.

Each name of the table in ``docs/migrating.md`` is imported from here: ``JobRunner`` in place of
``netbox.jobs.JobRunner``, ``Job`` in place of ``core.models.Job``, and so on. New code imports from
``pgjobs``.

The names that need models are loaded when they are asked for, because a plugin's ``__init__.py``
imports ``PluginConfig`` before Django has loaded the models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from pgjobs.absent_names import absent
from pgjobs.exceptions import JobFailed
from pgjobs.exceptions import JobTimeout as JobTimeoutException
from pgjobs.jobs import system_job
from pgjobs.netbox.choices import JobIntervalChoices, JobNotificationChoices, JobStatusChoices
from pgjobs.netbox.registry import registry
from pgjobs.netbox.requests import copy_safe_request
from pgjobs.netbox.runner import JobRunner
from pgjobs.plugins import PluginConfig
from pgjobs.queues import get_queue_for_model
from pgjobs.signals import job_end, job_start

if TYPE_CHECKING:
    from pgjobs.netbox.with_models import (
        Job,
        JobsMixin,
        ObjectJobsView,
        any_workers_for_queue,
        get_workers_for_queue,
    )

BackgroundJob = JobRunner
"""The name that the class had before NetBox 4.1 was released."""

__all__ = [
    "BackgroundJob",
    "Job",
    "JobFailed",
    "JobIntervalChoices",
    "JobNotificationChoices",
    "JobRunner",
    "JobStatusChoices",
    "JobTimeoutException",
    "JobsMixin",
    "ObjectJobsView",
    "PluginConfig",
    "any_workers_for_queue",
    "copy_safe_request",
    "get_queue_for_model",
    "get_workers_for_queue",
    "job_end",
    "job_start",
    "registry",
    "system_job",
]


_OF_OTHERS: Final = "docs/migrating.md says what stands for other names of NetBox."


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise absent(__name__, name, __all__, _OF_OTHERS)
    from pgjobs.netbox import with_models

    return getattr(with_models, name)
