"""What a job refers to, with the addresses of its pages: object, user, worker, queue, schedule."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch
from django.utils import timezone

from pgjobs.models import Schedule
from pgjobs.pages.job.finding import label_of, page_of
from pgjobs.pages.listing.language import Term, as_text
from pgjobs.pages.page import address, has
from pgjobs.registry.names import registered_as
from pgjobs.registry.targets import options_of
from pgjobs.rows.failure import shown


def references_of(request: HttpRequest, job: Any) -> dict[str, Any]:
    """Return the texts and the addresses, for the template of the page."""
    about, label = job.found_object, label_of(job)
    target = registered_as(job.job_class)
    same = [Term("class", job.job_class), *([Term("object", label)] if label else [])]
    return {
        "about": None if about is None else shown(about, str),
        "about_label": label,
        "about_page": page_of(request, about),
        "user_name": None if job.user is None else shown(job.user, str),
        "user_page": page_of(request, job.user),
        "worker_page": _worker_page(request, job),
        "queue_page": _queue_page(request, job),
        "class_page": address(request, "jobs", q=as_text(same[:1])),
        "same_page": address(request, "jobs", q=as_text(same)),
        "schedule_page": _schedule_page(request, job),
        "is_known": target is not None,
        "description": options_of(target).description if target is not None else "",
        "time_zone": timezone.get_current_timezone_name(),
    }


def _queue_page(request: HttpRequest, job: Any) -> str | None:
    try:
        return address(request, "queue", job.queue_name)
    except NoReverseMatch:  # SQL by hand wrote a name that no address can hold
        return None


def _worker_page(request: HttpRequest, job: Any) -> str | None:
    if job.worker is None or not has(request.user, "pgjobs.view_workerprocess"):
        return None
    return address(request, "worker", job.worker.pk)


def _schedule_page(request: HttpRequest, job: Any) -> str | None:
    if job.object_id is not None or not has(request.user, "pgjobs.view_schedule"):
        return None
    schedules = Schedule.objects.using(job._state.db).filter(job_class=job.job_class)
    pk = schedules.values_list("pk", flat=True).first()
    return None if pk is None else address(request, "schedule", pk)
