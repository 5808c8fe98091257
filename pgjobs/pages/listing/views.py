"""The list of jobs."""

from __future__ import annotations

from typing import Any, Final

from django.db import router
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pgjobs import stats
from pgjobs.access import Verb
from pgjobs.models import Job
from pgjobs.pages.address import Address
from pgjobs.pages.listing import acting, exporting, saving
from pgjobs.pages.listing.asking import asked, id_of
from pgjobs.pages.listing.copying import copies
from pgjobs.pages.listing.language import Query, read
from pgjobs.pages.listing.paging import COUNTED, Part, part_of
from pgjobs.pages.listing.patience import PATIENCE
from pgjobs.pages.listing.rows import rows_of
from pgjobs.pages.listing.suggesting import choices, suggestions
from pgjobs.pages.listing.visible import visible_jobs
from pgjobs.pages.page import LONGEST_ADDRESS, address, page, show
from pgjobs.pages.too_slow import too_slow

EVERY: Final = 5
"""Seconds between two looks at the list."""


@page(Verb.VIEW)
def jobs(request: HttpRequest) -> HttpResponse:
    """Show a page of the jobs that match the query."""
    wanted = asked(request.GET.dict())
    there = address(request, "jobs", q=wanted.query)
    if wanted.is_moved and not wanted.unknown and len(there) <= LONGEST_ADDRESS:
        return HttpResponseRedirect(there)
    query = read(wanted.query)
    problems = list(query.problems.values()) + [_unknown(name) for name in wanted.unknown]
    context = {
        "query": query,
        "q": str(query),
        "chips": [
            {"text": str(term), "rest": query.without(term), "is_wrong": term in query.problems}
            for term in query.terms
        ],
        "problems": problems,
        "choices": choices(query),
        "suggestions": suggestions(request.user),
        "offered": saving.OFFERED,
        "views": (views := list(saving.views_of(request.user))),
        "view": next((view for view in views if view.query == str(query)), None),
        "counted": COUNTED,
        "verbs": acting.offered(request.user),
        "is_filtered": bool(query.terms),
    }
    if not problems:
        context |= {"copies": copies(request, query), **_listed(request, query)}
    return show(request, "jobs.html", context, title=_("Jobs"), tab="jobs", every=EVERY)


def _listed(request: HttpRequest, query: Query) -> dict[str, Any]:
    """Return the rows of the page, or how to narrow a query that takes too long."""
    before, after = id_of(request.GET, "before_id"), id_of(request.GET, "after_id")
    top = id_of(request.GET, "top")
    if top is not None and before is None and after is None:
        before = top + 1  # a page that is looked at again begins with the same job
    try:
        with stats.bounded(router.db_for_read(Job), PATIENCE):
            part = part_of(visible_jobs(request.user, query.selection), before=before, after=after)
            return {"part": part, "rows": rows_of(part.ids), "ends": _ends(part)}
    except stats.TooSlow as error:
        return {"too_slow": too_slow(error), "narrowings": _narrowings(query)}


def _ends(part: Part) -> dict[str, int]:
    """Return the ids at the ends of the page."""
    return {"newest": part.ids[0], "oldest": part.ids[-1]} if part.ids else {}


def _narrowings(query: Query) -> list[dict[str, str]]:
    """Return filters that have an index, and that the query lacks."""
    has = {term.key for term in query.terms}
    texts = ["ended:1d", "status:errored,failed", "status:live"]
    return [
        {"text": text, "query": f"{query} {text}"}
        for text in texts
        if text.partition(":")[0] not in has
    ]


def _unknown(name: str) -> str:
    said = gettext("The address has a filter that this page does not know: %s. Remove it.")
    return said % name[:100]


ADDRESSES: Final = [
    Address("", jobs, "jobs", alone="jobs/"),
    *acting.ADDRESSES,
    *exporting.ADDRESSES,
    *saving.ADDRESSES,
]
