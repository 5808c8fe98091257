"""Looking at jobs, schedules and workers in Django's admin, and cancelling and retrying jobs."""

from pgjobs.admin.jobs import JobAdmin
from pgjobs.admin.schedules import ScheduleAdmin
from pgjobs.admin.workers import WorkerProcessAdmin

__all__ = ["JobAdmin", "ScheduleAdmin", "WorkerProcessAdmin"]
