"""Django's admin: pages for jobs, schedules and workers, with buttons to cancel and retry jobs."""

from pgjobs.admin.jobs import JobAdmin
from pgjobs.admin.schedules import ScheduleAdmin
from pgjobs.admin.workers import WorkerProcessAdmin

__all__ = ["JobAdmin", "ScheduleAdmin", "WorkerProcessAdmin"]
