"""The list of workers, the page of one worker, and the orders to drain and restart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pgjobs import stats
from pgjobs.models import WorkerProcess
from pgjobs.pages import history
from pgjobs.pages.address import Address
from pgjobs.pages.job_lines import lines
from pgjobs.pages.orders import actor_of, back, refusals_told, say
from pgjobs.pages.page import action, has, page, show
from pgjobs.pages.sight import sight_of
from pgjobs.pages.workers.states import states
from pgjobs.steering import workers as steering

VIEW: Final = "pgjobs.view_workerprocess"
CHANGE: Final = "pgjobs.change_workerprocess"
LATEST: Final = 10
_STOPPED: Final = 10
"""Stopped workers that the list shows."""


@page(VIEW)
def workers(request: HttpRequest) -> HttpResponse:
    sight = sight_of(request.user)
    gone = WorkerProcess.objects.using(sight.using).exclude(stopped=None).order_by("-pk")
    context = {
        "workers": states(sight, stats.workers(sight.using)),
        "stopped": gone[:_STOPPED],
        "sees_all": sight.is_whole,
        "may_order": has(request.user, CHANGE),
    }
    return show(request, "workers.html", context, title=_("Workers"), tab="workers", every=3)


@page(VIEW)
def worker(request: HttpRequest, pk: int) -> HttpResponse:
    sight = sight_of(request.user)
    row = stats.worker(pk, sight.using)
    if row is None:
        raise Http404(f"There is no worker {pk}.")
    jobs = sight.recent().filter(worker=pk)
    (state,) = states(sight, [row])
    context = {
        "worker": state,
        "running": lines(sight.jobs.filter(status="running", worker=pk).order_by("started"), 50),
        "jobs": lines(jobs.exclude(status="running"), LATEST),
        "history": history.of_jobs(jobs),
        "may_order": has(request.user, CHANGE),
    }
    title = gettext("Worker %s") % row.name
    return show(request, "worker.html", context, title=title, tab="workers", every=3)


@action(CHANGE)
def drain(request: HttpRequest, pk: int) -> HttpResponse:
    return _order(request, pk, steering.drain, gettext("%s was ordered to drain."))


@action(CHANGE)
def restart(request: HttpRequest, pk: int) -> HttpResponse:
    return _order(request, pk, steering.restart, gettext("%s was ordered to restart."))


def _order(
    request: HttpRequest, pk: int, give: Callable[..., list[steering.Ordered]], done: str
) -> HttpResponse:
    if pk > 2**63 - 1 or not WorkerProcess.objects.filter(pk=pk).exists():
        raise Http404(f"There is no worker {pk}.")
    with refusals_told(request):
        for ordered in give([pk], by=actor_of(request)):
            name = f"{ordered.name} ({ordered.id})"
            if ordered.was_given:
                say(request, done % name)
            else:
                said = gettext("%s has stopped or is dead, so it can't be ordered.")
                say(request, said % name, messages.WARNING)
    return back(request, "worker", pk)


ADDRESSES: Final = [
    Address("workers/", workers, "workers"),
    Address("workers/<int:pk>/", worker, "worker"),
    Address("workers/<int:pk>/drain/", drain, "drain"),
    Address("workers/<int:pk>/restart/", restart, "restart"),
]
