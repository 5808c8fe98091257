"""The list of the kinds of failure, and the page of one kind."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from pgjobs import stats
from pgjobs.access import Verb, may
from pgjobs.pages import history
from pgjobs.pages.address import Address
from pgjobs.pages.failures import kinds
from pgjobs.pages.failures.kinds import Kind, Seen
from pgjobs.pages.job_lines import lines
from pgjobs.pages.page import page, show
from pgjobs.pages.sight import Sight, sight_of

LATEST: Final = 10
"""Jobs that the page of a kind lists."""
_UNSUCCESSFUL: Final = ",".join(map(str, kinds.UNSUCCESSFUL))
"""The statuses of failed jobs, as the filter of the list has them."""


@page(Verb.VIEW)
def failures(request: HttpRequest) -> HttpResponse:
    sight = sight_of(request.user)
    if sight.is_whole:
        found, are_all = kinds.of_all_time(sight), True
    else:
        found, are_all = kinds.since(sight)
    context = {
        "kinds": found,
        "are_all": are_all,
        "most": kinds.MOST,
        "window": kinds.counted(sight),
        "sees_all": sight.is_whole,
        "unsuccessful": _UNSUCCESSFUL,
        **rights(request),
    }
    return show(request, "failures.html", context, title=_("Failures"), tab="failures", every=5)


@page(Verb.VIEW)
def failure(request: HttpRequest) -> HttpResponse:
    sight, kind = sight_of(request.user), Kind.of(request)
    ids, seen = kinds.newest(sight, kind), _seen(sight, kind)
    latest = lines(sight.jobs.filter(pk__in=ids[:LATEST]).order_by("-completed"), LATEST)
    if not (ids or seen):
        raise Http404("There is no such kind of failure.")
    context = {
        "kind": kind,
        "seen": seen,
        "error": latest[0].figures.error if latest else "",
        "number": len(ids),
        "counted": kinds.counted(sight),
        "unsuccessful": _UNSUCCESSFUL,
        "jobs": latest,
        "history": history.of_jobs(sight.jobs.filter(pk__in=ids)),
        **rights(request),
    }
    title = kind.exception or kind.job_class
    return show(request, "failure.html", context, title=title, tab="failures", every=5)


def rights(request: HttpRequest) -> dict[str, Any]:
    """Return which verbs the user may use on a kind of failure."""
    return {
        "may_retry": may(request.user, Verb.RETRY),
        "may_delete": may(request.user, Verb.DELETE),
    }


def _seen(sight: Sight, kind: Kind) -> Seen | None:
    """Return the kind as the statistics know it, which count all jobs."""
    if not sight.is_whole:
        return None
    known = stats.failure_kinds(kinds.KINDS, sight.using)
    for each in known:
        if (each.job_class, each.exception, each.frame) == tuple(kind.query().values()):
            return Seen(
                kind=kind,
                jobs=each.jobs,
                first_seen=each.first_seen,
                last_seen=each.last_seen,
                example_id=each.example_id,
            )
    return None


ADDRESSES: Final = [
    Address("failures/", failures, "failures"),
    Address("failures/kind/", failure, "failure"),
]
