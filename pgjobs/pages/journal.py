"""The actions of people and programs, and the progress of bulk actions."""

from __future__ import annotations

import json
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pgjobs import stats
from pgjobs.access import BULK, may
from pgjobs.models import JournalEntry
from pgjobs.models.job_database import job_database
from pgjobs.pages.address import Address
from pgjobs.pages.orders import actor_of, back, refusals_told, say
from pgjobs.pages.page import action, address, page, show
from pgjobs.pages.sight import LONGEST
from pgjobs.pages.too_slow import too_slow
from pgjobs.steering import bulk

VIEW: Final = "pgjobs.view_journalentry"
SHOWN: Final = 50
VERBS: Final = {
    "enqueue": _("enqueue"),
    "cancel": _("cancel"),
    "retry": _("retry"),
    "rerun": _("rerun"),
    "delete": _("delete"),
    "prune": _("prune"),
    "pause": _("pause"),
    "resume": _("resume"),
    "drain": _("drain"),
    "restart": _("restart"),
    "run schedule": _("run schedule"),
    "switch off": _("switch off"),
    "switch on": _("switch on"),
    "edit schedule": _("edit schedule"),
    "take rule back": _("take rule back"),
    "cancel action": _("cancel action"),
}
"""The verbs that have words. SQL by hand can write others."""
WORDS_OF_STATES: Final = {
    "running": _("running"),
    "done": _("done"),
    "cancelled": _("cancelled"),
    "failed": _("failed"),
}
SURFACES: Final = {
    "sql": _("SQL"),
    "command": _("command"),
    "admin": _("admin"),
    "rest": _("REST"),
    "python": _("Python"),
}
STATES: Final = {"running": "blue", "done": "green", "cancelled": "yellow", "failed": "red"}


@page(VIEW)
def journal(request: HttpRequest) -> HttpResponse:
    who, verb, before = (_given(request, name) for name in ("who", "verb", "before"))
    entries = JournalEntry.objects.using(job_database()).order_by("-pk")
    if who:
        entries = entries.filter(who__icontains=who)
    if verb:
        entries = entries.filter(verb=verb)
    if before.isascii() and before.isdecimal() and len(before) < 19:
        entries = entries.filter(pk__lt=int(before))
    ids, error = _ids(entries)
    rows = stats.journal(ids[:SHOWN], limit=SHOWN, using=job_database())
    filters = {"who": who, "verb": verb}
    has_older = len(ids) > SHOWN
    context = {
        "entries": rows,
        "tones": STATES,
        "filters": filters,
        "verbs": _verbs(verb),
        "error": error,
        "older": address(request, "journal", **filters, before=ids[SHOWN - 1]) if has_older else "",
        "newest": address(request, "journal", **filters) if before else "",
    }
    every = 0 if before or error else 3
    title = _("Journal")
    return show(request, "journal.html", context, title=title, tab="journal", every=every)


@page(VIEW)
def entry(request: HttpRequest, pk: int) -> HttpResponse:
    row = _entry(pk)
    is_running = row.state == JournalEntry.State.RUNNING
    changed = row.done + row.refused
    what = row.what if isinstance(row.what, dict) else {}  # SQL by hand can write any JSON
    context = {
        "entry": row,
        "tone": STATES.get(row.state, "gray"),
        "percent": min(100, 100 * changed // row.counted) if row.counted else None,
        "ids": ids if isinstance(ids := what.get("ids"), list) else [],
        "filter": _pretty(what.get("filter")),
        "options": _pretty(row.options),
        "may_stop": is_running and _may_stop(request.user, row),
    }
    title = gettext("Entry %d of the journal") % row.id
    every = 1 if is_running else 0
    return show(request, "entry.html", context, title=title, tab="journal", every=every)


@action(VIEW)
def stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Stop a bulk action before its next batch. Jobs that have changed stay as they are."""
    row = _entry(pk)
    if not _may_stop(request.user, row):
        raise PermissionDenied
    with refusals_told(request):
        if bulk.cancel_action(pk, by=actor_of(request)):
            say(request, gettext("The action is stopped. What it has changed stays changed."))
        else:
            say(request, gettext("The action has ended already."), messages.INFO)
    return back(request, "entry", pk)


def _given(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:300]


def _ids(entries: Any) -> tuple[list[int], str]:
    """Return the ids of one page and one more, and what to do if that takes too long."""
    try:
        with stats.bounded(entries.db, LONGEST):
            return list(entries.values_list("pk", flat=True)[: SHOWN + 1]), ""
    except stats.TooSlow as error:
        return [], too_slow(error, gettext("Filter by who or by verb alone."))


def _entry(pk: int) -> stats.JournalRow:
    rows = stats.journal([pk], limit=1, using=job_database()) if pk < 2**63 else []
    if not rows:
        raise Http404(f"There is no entry {pk} of the journal.")
    return rows[0]


def _may_stop(user: Any, row: stats.JournalRow) -> bool:
    needs = BULK.get(row.verb)
    return needs is not None and may(user, needs)


def _verbs(verb: str) -> list[str]:
    return [*VERBS, *([] if verb in ("", *VERBS) else [verb])]


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""


ADDRESSES: Final = [
    Address("journal/", journal, "journal"),
    Address("journal/<int:pk>/", entry, "entry"),
    Address("journal/<int:pk>/stop/", stop, "stop-action"),
]
