"""The list of queues, the page of one queue, and the orders to pause and resume."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pgjobs import stats
from pgjobs.access import Verb, may
from pgjobs.choices import JobStatus
from pgjobs.models import Pause
from pgjobs.pages import history
from pgjobs.pages.address import Address
from pgjobs.pages.job_lines import lines
from pgjobs.pages.orders import actor_of, back, refusals_told, say
from pgjobs.pages.page import action, has, page, show
from pgjobs.pages.queues.states import QueueState, states
from pgjobs.pages.sight import Sight, sight_of
from pgjobs.queues import is_valid_name
from pgjobs.registry.names import registered
from pgjobs.steering import single

LATEST: Final = 10
"""Jobs that the page of a queue lists."""


@page(Verb.VIEW)
def queues(request: HttpRequest) -> HttpResponse:
    sight = sight_of(request.user)
    context = {
        "queues": states(sight, stats.workers(sight.using)),
        "classes": _paused_classes(sight.using),
        "choices": sorted(registered()) if may(request.user, Verb.PAUSE) else [],
        **rights(request, sight),
    }
    return show(request, "queues.html", context, title=_("Queues"), tab="queues", every=3)


@page(Verb.VIEW)
def queue(request: HttpRequest, name: str) -> HttpResponse:
    sight = sight_of(request.user)
    workers = stats.workers(sight.using)
    state = _named(name, states(sight, workers))
    span = history.span_of(request)
    jobs = sight.recent().filter(queue_name=name)
    due = jobs.exclude(status=JobStatus.SCHEDULED)
    context = {
        "queue": state,
        "workers": [each for each in workers if each.alive and name in map(str, each.queues)],
        "jobs": lines(due, LATEST),
        "history": history.of_all_jobs(span, queue=name)
        if sight.is_whole
        else history.of_jobs(jobs),
        "spans": history.SPANS,
        "sees_workers": has(request.user, "pgjobs.view_workerprocess"),
        **rights(request, sight),
    }
    title = gettext("Queue %s") % name
    return show(request, "queue.html", context, title=title, tab="queues", every=3)


@action(Verb.PAUSE)
def pause(request: HttpRequest) -> HttpResponse:
    """Pause the queue or the job class of the form."""
    subject = _subject(request)
    with refusals_told(request):
        done = single.pause(by=actor_of(request), **subject)
        said = gettext("%s is paused.") if done else gettext("%s was paused already.")
        say(request, said % _name(subject), messages.SUCCESS if done else messages.INFO)
    return back(request, "queues")


@action(Verb.RESUME)
def resume(request: HttpRequest) -> HttpResponse:
    """Resume the queue or the job class of the form."""
    subject = _subject(request)
    with refusals_told(request):
        done = single.resume(by=actor_of(request), **subject)
        said = gettext("%s is resumed.") if done else gettext("%s was not paused.")
        say(request, said % _name(subject), messages.SUCCESS if done else messages.INFO)
    return back(request, "queues")


def rights(request: HttpRequest, sight: Sight) -> dict[str, Any]:
    """Return what the tables of queues ask about the user."""
    return {"may_pause": may(request.user, Verb.PAUSE), "sees_all": sight.is_whole}


def _named(name: str, found: list[QueueState]) -> QueueState:
    state = next((each for each in found if each.name == name), None)
    if state is None or not is_valid_name(name):
        raise Http404(f"There is no queue {name[:100]!r}.")
    return state


def _subject(request: HttpRequest) -> dict[str, str]:
    """Return the queue or the class that the form names. Raises Http404 unless it names one."""
    given = {key: request.POST.get(key, "") for key in ("queue", "job_class")}
    named = {key: value.replace("\0", "") for key, value in given.items() if value}
    if len(named) != 1:
        raise Http404("Name either a queue or a job class.")
    return named


def _name(subject: dict[str, str]) -> str:
    (name,) = subject.values()
    return name


def _paused_classes(using: str) -> list[Pause]:
    return list(Pause.objects.using(using).filter(kind=Pause.Kind.JOB_CLASS))


ADDRESSES: Final = [
    Address("queues/", queues, "queues"),
    Address("queues/<str:name>/", queue, "queue"),
    Address("pause/", pause, "pause"),
    Address("resume/", resume, "resume"),
]
