"""The progress of a job for the people who wait for it: "your export is 40 % done".

A project maps a URL of its own to the view, because these people need no permission of pgjobs::

    path("exports/<int:pk>/progress/", job_progress(), name="export-progress")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from pgjobs import stats
from pgjobs.access import Verb, may, redacted_column, visible_to
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.pages.place import View
from pgjobs.rows.columns import WIDE
from pgjobs.rows.failure import shown
from pgjobs.steering.selection import all_jobs

MaySee = Callable[[HttpRequest, Job], bool]

_LARGEST_ID: Final = 2**63 - 1
_UNSHOWN: Final = tuple(column for column in WIDE if column != "progress")


def is_own_or_viewable(request: HttpRequest, job: Job) -> bool:
    """Return whether the job is the user's own, or one that the user may view."""
    user = request.user
    if not user.is_authenticated:
        return False
    if job.user_id == user.pk:
        return True
    if not hasattr(user, "has_perm"):  # a project's own model of users may have no permissions
        return False
    return may(user, Verb.VIEW) and visible_to(user, all_jobs()).filter(pk=job.pk).exists()


def job_progress(
    may_see: MaySee = is_own_or_viewable, *, template: str = "pgjobs/progress.html"
) -> View:
    """Return a view that tells how far the job ``pk`` has come.

    It answers with JSON, and to htmx with a fragment that asks again until the job has ended. For
    a job that does not exist, and for one that ``may_see(request, job)`` denies, it is 404. It
    shows no arguments, no result and no error.
    """

    @require_safe
    @never_cache
    @vary_on_headers("HX-Request")
    def view(request: HttpRequest, pk: int) -> HttpResponse:
        jobs = all_jobs().filter(pk=pk) if pk <= _LARGEST_ID else all_jobs().none()
        job = jobs.defer(*_UNSHOWN).first()
        if job is None or not may_see(request, job):
            raise Http404(_("There is no such job, or you may not see it."))
        told = _told(job)
        if "HX-Request" in request.headers:
            return render(request, template, {**told, "job": job})
        return JsonResponse(told)

    return view


def message_of(job: Any) -> str:
    """Return the message of a job's progress without hidden values, whatever the job wrote."""
    progress = redacted_column(job, "progress")
    message = progress.get("message") if isinstance(progress, dict) else progress
    return "" if message is None else shown(message, str)


def _told(job: Job) -> dict[str, Any]:
    """Return what may be told: the status, and how far the job has come."""
    figures = stats.figures([job.pk], all_jobs().db).get(job.pk)
    has_succeeded = job.status == JobStatus.COMPLETED
    percent = None if figures is None else figures.progress_percent
    return {
        "id": job.pk,
        "status": job.status,
        "label": str(JobStatus(job.status).label),
        "percent": 100 if has_succeeded else percent,
        "message": message_of(job),
        "finished": job.is_finished,
        "succeeded": has_succeeded,
    }
