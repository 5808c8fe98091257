"""The pages in Django's admin. `PGJOBS["ADMIN"]` switches them off in the default admin site."""

from django.contrib import admin

from pgjobs.admin.jobs import JobAdmin
from pgjobs.admin.leading import ScheduleAdmin, WorkerProcessAdmin
from pgjobs.admin.objects import ObjectJobsMixin
from pgjobs.conf import get_settings
from pgjobs.models import Job, Schedule, WorkerProcess

__all__ = ["JobAdmin", "ObjectJobsMixin", "ScheduleAdmin", "WorkerProcessAdmin", "register"]


def register(site: admin.AdminSite) -> None:
    """Register the pages with an admin site of the project."""
    site.register(Job, JobAdmin)
    site.register(Schedule, ScheduleAdmin)
    site.register(WorkerProcess, WorkerProcessAdmin)


if get_settings().ADMIN:
    register(admin.site)
