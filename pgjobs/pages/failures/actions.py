"""Retrying and deleting all failed jobs of one kind: a confirmation, and then a bulk action."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple, TypeVar

from django.contrib import messages
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.translation import gettext

from pgjobs import stats
from pgjobs.access import Verb
from pgjobs.models import Job
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.pages.address import Address
from pgjobs.pages.failures.kinds import UNSUCCESSFUL, Kind
from pgjobs.pages.job_lines import lines
from pgjobs.pages.keeping import kept_by
from pgjobs.pages.listing.words import WORDS, level_of, said_of
from pgjobs.pages.orders import actor_of, refusals_told, say
from pgjobs.pages.page import address, form, has, show
from pgjobs.pages.sight import LONGEST, sight_of
from pgjobs.steering import bulk
from pgjobs.steering.carrying import BATCH
from pgjobs.steering.selection import Selection

EXAMPLES: Final = 3
T = TypeVar("T")


class _Bounds(NamedTuple):
    """When the jobs of an action have ended."""

    ended: datetime | None
    ended_before: datetime


@form(Verb.VIEW, Verb.RETRY)
def retry(request: HttpRequest) -> HttpResponse:
    """Confirm by GET, and retry by POST."""
    return _answer(request, Verb.RETRY)


@form(Verb.VIEW, Verb.DELETE)
def delete(request: HttpRequest) -> HttpResponse:
    """Confirm by GET, and delete by POST."""
    return _answer(request, Verb.DELETE)


def _answer(request: HttpRequest, verb: Verb) -> HttpResponse:
    kind = Kind.of(request)
    if request.method == "POST":
        bounds = _confirmed(request)
        return _start(request, verb, _selection(kind, bounds), kind)
    bounds = _bounds(_hours(request))
    return _confirm(request, verb, _selection(kind, bounds), kind)


def _bounds(hours: int) -> _Bounds:
    """Return the bounds of the last ``hours``, or of all time for 0, up to now."""
    now = timezone.now()
    return _Bounds(now - timedelta(hours=hours) if hours else None, now)


def _confirmed(request: HttpRequest) -> _Bounds:
    """Return the bounds of the confirmation that sends the form: later failures stay."""
    ended = None if request.POST.get("ended") == "" else _moment(request, "ended")
    return _Bounds(ended, _moment(request, "ended_before"))


def _moment(request: HttpRequest, name: str) -> datetime:
    given = request.POST.get(name, "")
    try:
        moment = datetime.fromisoformat(given)
        if moment.utcoffset() is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise BadRequest(f"{name} must be the moment that the confirmation gave, not {given!r:.100}.")


def _selection(kind: Kind, bounds: _Bounds) -> Selection:
    return Selection(
        status=tuple(map(str, UNSUCCESSFUL)),
        job_class=(kind.job_class,),
        failure=(kind.exception, kind.frame),
        ended=bounds.ended,
        ended_before=bounds.ended_before,
    )


def _confirm(request: HttpRequest, verb: Verb, selection: Selection, kind: Kind) -> HttpResponse:
    jobs, stored = selection.jobs(sight_of(request.user).jobs), selection.to_json()
    is_deletion = verb is Verb.DELETE
    context = {
        "kind": kind,
        "verb": verb,
        "number": _number(jobs),
        "hours": _hours(request),
        "bounds": {name: stored.get(name, "") for name in _Bounds._fields},
        "jobs": _in_time(jobs, lambda: lines(jobs.order_by("-completed"), EXAMPLES)),
        "keeping": _in_time(jobs, lambda: kept_by(request.user, jobs)) if is_deletion else [],
    }
    title = _TITLES[verb]()
    return show(request, "failure_confirm.html", context, title=title, tab="failures")


def _start(request: HttpRequest, verb: Verb, selection: Selection, kind: Kind) -> HttpResponse:
    jobs = selection.jobs(sight_of(request.user).jobs)
    if verb is Verb.DELETE and (keeping := kept_by(request.user, jobs)):
        raise PermissionDenied(", ".join(keeping))
    number = _number(jobs)
    if number == 0:
        say(request, gettext("No job of this kind is left."), messages.INFO)
        return HttpResponseRedirect(address(request, "failures"))
    here = number is not None and number <= BATCH
    with refusals_told(request) as refusal:
        started = bulk.start(str(verb), selection, by=actor_of(request), here=here)
        say(request, said_of(WORDS[str(verb)], started), level_of(started))
    if refusal.is_told:
        return HttpResponseRedirect(address(request, "failure", **kind.query()))
    if has(request.user, "pgjobs.view_journalentry"):
        return HttpResponseRedirect(address(request, "entry", started.pk))
    return HttpResponseRedirect(address(request, "failures"))


def _number(jobs: JobQuerySet[Job]) -> int | None:
    """Return the number of jobs, or None if PostgreSQL does not count them in time."""
    return _in_time(jobs, jobs.order_by().count)


def _in_time(jobs: JobQuerySet[Job], look: Callable[[], T]) -> T | None:
    """Return what a look at ``jobs`` finds, or None if PostgreSQL does not find it in time."""
    try:
        with stats.bounded(jobs.db, LONGEST):
            return look()
    except stats.TooSlow:
        return None


def _hours(request: HttpRequest) -> int:
    """Return the hours back to which an address limits the jobs; 0 without a limit."""
    given = request.GET.get("hours", "")
    return int(given) if given.isascii() and given.isdecimal() and len(given) < 5 else 0


_TITLES: Final[dict[Verb, Callable[[], str]]] = {
    Verb.RETRY: lambda: gettext("Retry failed jobs"),
    Verb.DELETE: lambda: gettext("Delete failed jobs"),
}


ADDRESSES: Final = [
    Address("failures/retry/", retry, "retry-failures"),
    Address("failures/delete/", delete, "delete-failures"),
]
