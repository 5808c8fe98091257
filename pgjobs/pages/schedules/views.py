"""The list of schedules, and the page of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pgjobs.jobs.system import system_jobs
from pgjobs.pages import history
from pgjobs.pages.address import Address
from pgjobs.pages.job_lines import lines
from pgjobs.pages.page import has, page, show
from pgjobs.pages.schedules.states import ScheduleState, states
from pgjobs.pages.sight import sight_of

VIEW: Final = "pgjobs.view_schedule"
CHANGE: Final = "pgjobs.change_schedule"
LATEST: Final = 10


@page(VIEW)
def schedules(request: HttpRequest) -> HttpResponse:
    sight = sight_of(request.user)
    context = {
        "schedules": states(sight),
        "may_change": has(request.user, CHANGE),
        "sees_all": sight.is_whole,
    }
    return show(request, "schedules.html", context, title=_("Schedules"), tab="schedules", every=5)


@page(VIEW)
def schedule(request: HttpRequest, pk: int) -> HttpResponse:
    return shown(request, pk)


def shown(
    request: HttpRequest, pk: int, form: Mapping[str, str] | None = None, **errors: str
) -> HttpResponse:
    """Return the page of a schedule, with the values and errors of a form that was refused."""
    sight = sight_of(request.user)
    found = states(sight, pk)
    if not found:
        raise Http404(f"There is no schedule {pk}.")
    (state,) = found
    span, path = history.span_of(request, history.WEEK), state.row.job_class
    jobs = sight.recent().filter(job_class=path)
    newest = jobs.order_by("-pk").values_list("pk", flat=True)[:LATEST]
    ids = [state.row.last_job_id or 0, *newest]
    context = {
        "schedule": state,
        "jobs": lines(sight.jobs.filter(pk__in=ids).order_by("-pk"), LATEST),
        "history": history.of_all_jobs(span, job_class=path)
        if sight.is_whole
        else history.of_jobs(jobs),
        "spans": history.SPANS,
        "sees_all": sight.is_whole,
        "may_change": has(request.user, CHANGE),
        "form": form or {},
        "errors": errors,
        **_rights_of_code(state),
    }
    return show(
        request,
        "schedule.html",
        context,
        title=path,
        tab="schedules",
        every=0 if errors else 5,
        status=400 if errors else 200,
    )


def _rights_of_code(state: ScheduleState) -> dict[str, Any]:
    known = system_jobs().get(state.row.job_class)
    return {
        "is_known": known is not None,
        "is_editable": known is not None and known.is_editable,
    }


ADDRESSES: Final = [
    Address("schedules/", schedules, "schedules"),
    Address("schedules/<int:pk>/", schedule, "schedule"),
]
