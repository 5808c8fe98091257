"""A search in the log lines of all jobs: a bounded part of the table, the newest lines first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pgjobs import stats
from pgjobs.access import Verb
from pgjobs.exceptions import InvalidArgument
from pgjobs.models import JobLogEntry
from pgjobs.pages.address import Address
from pgjobs.pages.page import address, page, show
from pgjobs.pages.sight import LONGEST, Sight, sight_of
from pgjobs.pages.too_slow import too_slow
from pgjobs.steering import texts

WINDOW: Final = 100_000
"""Lines that one search reads."""
SHOWN: Final = 100
LEVELS: Final = ("debug", "info", "warning", "error", "critical")
SINCE: Final = (
    ("15m", _("the last 15 minutes")),
    ("1h", _("the last hour")),
    ("1d", _("the last day")),
    ("7d", _("the last week")),
)
TONES: Final = {"info": "blue", "warning": "yellow", "error": "red", "critical": "red"}
_QUIET: Final = ("debug", "info")
_ONE_LINE: Final = 250
_LONGEST_TEXT: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What the form asks for."""

    text: str = ""
    level: str = ""
    job_class: str = ""
    since: str = "1d"
    before: int | None = None
    """The id of the line before which the search goes on."""

    @classmethod
    def of(cls, given: Mapping[str, str]) -> Search:
        def text(name: str, otherwise: str = "") -> str:
            return given.get(name, otherwise).replace("\0", "").strip()[:_LONGEST_TEXT]

        before = text("before")
        is_id = before.isascii() and before.isdecimal() and len(before) < 19
        return cls(
            text=text("q"),
            level=text("level"),
            job_class=text("class"),
            since=text("since", "1d"),
            before=int(before) if is_id else None,
        )

    def query(self) -> dict[str, str]:
        """Return the parameters of the address, without the place of the page."""
        return {"q": self.text, "level": self.level, "class": self.job_class, "since": self.since}

    def among(self, lines: QuerySet[JobLogEntry]) -> QuerySet[JobLogEntry]:
        """Return the ``lines`` that the search asks for. Raises InvalidArgument."""
        found = lines.filter(timestamp__gte=texts.moment("since", self.since))
        if self.text:
            found = found.filter(message__icontains=self.text)
        if self.level:
            found = found.filter(level__iexact=self.level)
        if self.job_class:
            found = found.filter(job__job_class__in=texts.classes(self.job_class))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The lines of one part of the table, and where the next part begins."""

    lines: list[dict[str, Any]]
    is_cut: bool
    """Whether more lines match than are shown."""
    back_to: datetime | None
    """The moment of the oldest line that was read; None if there is no line."""
    older: int | None
    """The id before which older lines can be searched; None if the search is complete."""


@page(Verb.VIEW)
def logs(request: HttpRequest) -> HttpResponse:
    search, sight = Search.of(request.GET.dict()), sight_of(request.user)
    found, errors = None, {}
    try:
        with stats.bounded(sight.using, LONGEST):
            found = _find(sight, search)
    except InvalidArgument as error:
        errors[str(error).partition(" ")[0]] = str(error)
    except stats.TooSlow as error:
        errors["slow"] = too_slow(error, gettext("Search for a shorter time or one class."))
    context = {
        "search": search,
        "found": found,
        "older": found
        and found.older
        and address(request, "logs", **search.query(), before=found.older),
        "errors": errors,
        "levels": LEVELS,
        "since_choices": SINCE,
        "window": WINDOW,
    }
    every = 0 if search.before or errors else 3
    status = 400 if errors else 200
    title = _("Logs")
    return show(request, "logs.html", context, title=title, tab="logs", every=every, status=status)


def _find(sight: Sight, search: Search) -> Found:
    table = JobLogEntry.objects.using(sight.using)
    newest = search.before or (table.aggregate(id=Max("pk"))["id"] or 0) + 1
    floor = max(newest - WINDOW, 0)
    part = table.filter(pk__lt=newest, pk__gte=floor)
    oldest = part.order_by("pk").values_list("timestamp", flat=True).first()
    wanted = search.among(part)
    if not sight.is_whole:
        wanted = wanted.filter(job__in=sight.jobs.order_by().values("pk"))
    columns = ("pk", "timestamp", "level", "message", "job_id", "job__name", "attempt")
    lines = list(wanted.order_by("-pk").values(*columns)[: SHOWN + 1])
    is_complete = floor == 0 or (
        oldest is not None and oldest < texts.moment("since", search.since)
    )
    older = None if is_complete else floor
    is_cut = len(lines) > SHOWN
    if is_cut:
        lines = lines[:SHOWN]
        older = lines[-1]["pk"]
    for line in lines:
        level = str(line["level"]).lower()
        line["tone"], line["is_quiet"] = TONES.get(level, "gray"), level in _QUIET
        line["first"], _newline, line["rest"] = line["message"].strip().partition("\n")
        if len(line["first"]) > _ONE_LINE:
            line["rest"] = line["message"][_ONE_LINE:]
            line["first"] = line["first"][:_ONE_LINE]
    return Found(lines=lines, is_cut=is_cut, back_to=oldest, older=older)


ADDRESSES: Final = [Address("logs/", logs, "logs")]
