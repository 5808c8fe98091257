"""Actions on the selected jobs, or on all that match: confirmed once, then a bulk action."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final, NamedTuple

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import router
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext

from pgjobs import stats
from pgjobs.access import Verb
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import Job, JournalEntry
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.pages.address import Address
from pgjobs.pages.keeping import kept_by
from pgjobs.pages.listing.language import read
from pgjobs.pages.listing.paging import counted
from pgjobs.pages.listing.patience import PATIENCE
from pgjobs.pages.listing.rows import rows_of
from pgjobs.pages.listing.visible import visible_jobs
from pgjobs.pages.listing.words import WORDS, jobs_in_words, level_of, refusal_of, said_of
from pgjobs.pages.orders import actor_of, say
from pgjobs.pages.page import action, has, page, redirect, show
from pgjobs.pages.too_slow import too_slow
from pgjobs.steering import bulk
from pgjobs.steering.selection import Selection

AT_ONCE: Final = 1000
"""The request itself carries out an action on so many jobs: one batch."""
EXAMPLES: Final = 3

_VERBS: Final = {"retry": Verb.RETRY, "cancel": Verb.CANCEL, "delete": Verb.DELETE}


class _Chosen(NamedTuple):
    verb: str
    selection: Selection
    query: str


def offered(user: Any) -> list[str]:
    """Return the actions that ``user`` may take."""
    return [name for name, verb in _VERBS.items() if has(user, verb)]


@page(Verb.VIEW)
def confirm(request: HttpRequest) -> HttpResponse:
    """Show what the action would do, with the number of jobs and three of them."""
    try:
        verb, selection, query = _chosen(request)
    except InvalidArgument as error:
        say(request, str(error), messages.ERROR)
        return redirect(request, "jobs", q=request.GET.get("q"))
    try:
        with stats.bounded(router.db_for_read(Job), PATIENCE):
            total = counted(visible_jobs(request.user, selection))
            selection = _until_now(verb, selection)
            changing = _changeable(verb, visible_jobs(request.user, selection))
            number = counted(changing)
            examples = rows_of(
                list(changing.order_by("-pk").values_list("pk", flat=True)[:EXAMPLES])
            )
            keeping = kept_by(request.user, changing) if verb == "delete" else []
    except stats.TooSlow as error:
        said = too_slow(error, gettext("Narrow the filter, such as by status or ended:1d."))
        say(request, said, messages.ERROR)
        return redirect(request, "jobs", q=query)
    refused = None if total is None or number is None else total - number
    context: dict[str, Any] = {
        "verb": verb,
        "words": WORDS[verb],
        "button": str(WORDS[verb].button) % jobs_in_words(number),
        "number": number,
        "refusal": refusal_of(WORDS[verb], refused),
        "examples": examples,
        "keeping": keeping,
        "q": query,
        "filter": json.dumps(selection.to_json()),
        "is_slow": number is None or number > AT_ONCE,
        "a_worker_lives": bulk.a_worker_lives(),
    }
    title = context["button"] if number != 0 else WORDS[verb].title
    return show(request, "jobs_confirm.html", context, title=title, tab="jobs")


@action(Verb.VIEW)
def act(request: HttpRequest) -> HttpResponse:
    """Carry the confirmed action out, or leave it to the workers if it is a long one."""
    verb, query = _verb(request.user, request.POST.get("verb", "")), request.POST.get("q", "")
    try:
        selection = Selection.from_json(json.loads(request.POST.get("filter", "")))
        changing = _changeable(verb, visible_jobs(request.user, selection))
        if verb == "delete" and (keeping := kept_by(request.user, changing)):
            raise PermissionDenied(", ".join(keeping))
        is_short = changing[: AT_ONCE + 1].count() <= AT_ONCE
        here = is_short or not bulk.a_worker_lives()
        entry = bulk.start(verb, selection, by=actor_of(request), here=here)
    except (ValueError, RecursionError) as error:  # InvalidArgument is a ValueError
        raise BadRequest(str(error)) from None
    say(request, said_of(WORDS[verb], entry), level_of(entry))
    if entry.state == JournalEntry.State.RUNNING and request.user.has_perm(
        "pgjobs.view_journalentry"
    ):
        return redirect(request, "entry", entry.pk)
    return redirect(request, "jobs", q=query)


def _chosen(request: HttpRequest) -> _Chosen:
    """Return the action and its jobs as the list's form gives them. Raises InvalidArgument."""
    verb, ids = request.GET.get("verb", ""), request.GET.getlist("id")
    query = request.GET.get("q", "")
    if one := request.GET.get("one", ""):
        verb, _dash, key = one.partition("-")
        if not (key.isascii() and key.isdecimal()):
            raise BadRequest(f"one must name a verb and an id, as in retry-7, not {one!r:.100}.")
        ids = [key]
    verb = _verb(request.user, verb)
    if "all" not in ids:
        if not ids:
            raise InvalidArgument(gettext("Select jobs first."))
        chosen = read(f"id:{','.join(ids)}")
    else:
        chosen = read(query)
        if not chosen.terms:
            raise InvalidArgument(gettext("Give a filter first: no action is on all jobs."))
    if not chosen.is_readable:
        raise InvalidArgument(" ".join(chosen.problems.values()))
    return _Chosen(verb, chosen.selection, query)


def _until_now(verb: str, selection: Selection) -> Selection:
    """Leave out the jobs that match only after the confirmation, unless they were chosen by id."""
    if selection.ids:
        return selection
    now = timezone.now()
    if verb == "cancel":
        return replace(selection, before=min(selection.before or now, now))
    return replace(selection, ended_before=min(selection.ended_before or now, now))


def _verb(user: Any, name: str) -> str:
    if name not in _VERBS:
        raise BadRequest(f"verb must be one of {', '.join(_VERBS)}, not {name!r:.100}.")
    if not has(user, _VERBS[name]):
        raise PermissionDenied
    return name


def _changeable(verb: str, jobs: JobQuerySet[Job]) -> JobQuerySet[Job]:
    return jobs.live() if verb == "cancel" else jobs.finished()


ADDRESSES: Final = [
    Address("confirm/", confirm, "jobs-confirm", alone="jobs/confirm/"),
    Address("act/", act, "jobs-act", alone="jobs/act/"),
]
__all__ = ["ADDRESSES", "offered"]
