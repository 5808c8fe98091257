"""The overview: each panel answers one question, and leads to the page that says more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from pgjobs import stats
from pgjobs.access import Verb
from pgjobs.pages import history
from pgjobs.pages.address import Address
from pgjobs.pages.failures import kinds
from pgjobs.pages.failures.views import rights as rights_on_failures
from pgjobs.pages.job_lines import lines
from pgjobs.pages.overview.doctor import NEEDS, PRACTICE
from pgjobs.pages.page import has, page, show
from pgjobs.pages.queues.states import states as states_of_queues
from pgjobs.pages.queues.views import rights as rights_on_queues
from pgjobs.pages.schedules.states import states as states_of_schedules
from pgjobs.pages.schedules.views import VIEW as VIEW_SCHEDULES
from pgjobs.pages.sight import Sight, sight_of
from pgjobs.pages.workers.states import states as states_of_workers

RUNNING: Final = 8
FAILURES: Final = 5
WORKERS: Final = 8
SCHEDULES: Final = 8
"""Lines of the panels. Each says how many more there are."""
LATELY: Final = timedelta(days=1)


@page(Verb.VIEW)
def overview(request: HttpRequest) -> HttpResponse:
    sight = sight_of(request.user)
    workers = stats.workers(sight.using)
    context = {
        "queues": states_of_queues(sight, workers),
        "running": lines(sight.jobs.filter(status="running").order_by("started", "pk"), RUNNING),
        **_failures(sight),
        **_history(request, sight),
        **_workers(request, sight, workers),
        **_schedules(request, sight),
        **rights_on_queues(request, sight),
        **rights_on_failures(request),
        "examination": PRACTICE.last,
        "may_ask_doctor": sight.is_whole and has(request.user, NEEDS),
    }
    return show(request, "overview.html", context, title=_("Overview"), tab="overview", every=3)


def _failures(sight: Sight) -> dict[str, Any]:
    found, are_all = kinds.since(sight, timezone.now() - LATELY)
    often = sorted(found, key=lambda each: each.last_seen, reverse=True)
    return {
        "kinds": often[:FAILURES],
        "more_kinds": max(0, len(found) - FAILURES),
        "failed": sum(each.jobs for each in found),
        "are_all": are_all,
    }


def _history(request: HttpRequest, sight: Sight) -> dict[str, Any]:
    """Return the chart, which counts all jobs, for a user who sees all of them."""
    span = history.span_of(request)
    drawn = history.of_all_jobs(span) if sight.is_whole else None
    return {"history": drawn, "spans": history.SPANS}


def _workers(request: HttpRequest, sight: Sight, workers: list[stats.WorkerRow]) -> dict[str, Any]:
    if not has(request.user, NEEDS):
        return {"workers": None}
    found = states_of_workers(sight, workers)
    return {"workers": found[:WORKERS], "more_workers": max(0, len(found) - WORKERS)}


def _schedules(request: HttpRequest, sight: Sight) -> dict[str, Any]:
    if not has(request.user, VIEW_SCHEDULES):
        return {"schedules": None}
    found = states_of_schedules(sight)
    return {"schedules": found[:SCHEDULES], "more_schedules": max(0, len(found) - SCHEDULES)}


ADDRESSES: Final = [Address("overview/", overview, "overview", alone="")]
