"""The job that an address names, if the user may see it."""

from __future__ import annotations

from typing import Any, Final

from django.db import models
from django.http import Http404, HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from pgjobs.access import visible_to
from pgjobs.models import Job
from pgjobs.models.job_objects import find_objects
from pgjobs.pages.place import place_of
from pgjobs.steering.selection import all_jobs

_LARGEST_ID: Final = 2**63 - 1


def visible_jobs(request: HttpRequest) -> models.QuerySet[Job]:
    """Return the jobs that the user may see."""
    return visible_to(request.user, all_jobs())


def found(request: HttpRequest, pk: int) -> Job:
    """Return the job with its object. Raises Http404 if it is gone or hidden from the user."""
    job = None
    if pk <= _LARGEST_ID:
        jobs = visible_jobs(request).select_related("object_type", "worker", "user")
        job = jobs.filter(pk=pk).first()
    if job is None:
        raise Http404(_("There is no such job, or you may not see it."))
    find_objects([job])
    return job


def page_of(request: HttpRequest, thing: models.Model | None) -> str | None:
    """Return the address of an object's page in the admin of the request; None without one."""
    site = place_of(request).admin
    if thing is None or site is None or not site.is_registered(type(thing)):
        return None
    if not site.get_model_admin(type(thing)).has_view_permission(request, thing):
        return None
    meta = thing._meta
    try:
        return reverse(
            f"admin:{meta.app_label}_{meta.model_name}_change",
            args=[thing.pk],
            current_app=site.name,
        )
    except NoReverseMatch:
        return None


def label_of(job: Any) -> str | None:
    """Return the object of a job as ``app.model:key``; None for a job without an object."""
    if job.object_type is None or job.object_id is None:
        return None
    return f"{job.object_type.app_label}.{job.object_type.model}:{job.object_id}"
