"""The names of `pgjobs.netbox` that can be imported only once the models are loaded."""

from pgjobs.netbox.job import Job
from pgjobs.netbox.mixins import JobsMixin
from pgjobs.netbox.views import ObjectJobsView
from pgjobs.netbox.workers import any_workers_for_queue, get_workers_for_queue

__all__ = [
    "Job",
    "JobsMixin",
    "ObjectJobsView",
    "any_workers_for_queue",
    "get_workers_for_queue",
]
