"""The log of a job: its last lines, by level, by attempt and by words, and the whole as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import models
from django.http import HttpRequest
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from pgjobs.access import Verb
from pgjobs.models import JobLogEntry
from pgjobs.pages import numbers
from pgjobs.pages.job.attempts import Attempt, attempts_of, lines_of
from pgjobs.pages.job.finding import found
from pgjobs.pages.job.tracebacks import Traceback, is_traceback, last_line
from pgjobs.pages.page import address, page
from pgjobs.pages.streaming import streamed

SHOWN: Final = 1000
"""Lines that a page shows: the last ones."""
COUNTED: Final = 100_000
"""Lines that are counted and searched: the last ones."""
LONGEST: Final = 5000
"""Characters of a line that a page shows."""

_COLORS: Final = {"warning": "yellow", "error": "red", "critical": "red"}
_ORDER: Final = {"debug": 0, "info": 1, "warning": 2, "error": 3, "critical": 4}


@dataclass(frozen=True, slots=True)
class Filter:
    """What the reader of a log wants to see, as the address says."""

    levels: tuple[str, ...] = ()
    attempt: int | None = None
    text: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Filter:
        key = request.GET.get("attempt", "")
        return cls(
            tuple(level for level in request.GET.getlist("level") if "\0" not in level)[:20],
            int(key) if key.isdecimal() and len(key) < 6 else None,
            request.GET.get("text", "").replace("\0", "")[:200].strip(),
        )

    @property
    def is_empty(self) -> bool:
        return not (self.levels or self.text or self.attempt is not None)

    def query(self, **changes: Any) -> dict[str, Any]:
        """Return the parameters of an address with these ``changes``."""
        own = {"level": list(self.levels), "attempt": self.attempt, "text": self.text}
        return {**own, **changes}


@dataclass(slots=True)
class Chip:
    """A level, and the address that shows or hides its lines."""

    level: str
    count: int
    color: str
    is_on: bool
    href: str


@dataclass(slots=True)
class Line:
    """A line as it is shown: a head on one line, and the rest on demand."""

    id: int
    timestamp: Any
    attempt: int
    level: str
    color: str
    head: str
    rest: str = ""
    told_by: Attempt | None = None
    """The attempt that shows the same traceback."""


@dataclass(slots=True)
class Log:
    """The part of a log that is shown."""

    lines: list[Line]
    total: int
    chips: list[Chip] = field(default_factory=list)
    wanted: Filter = field(default_factory=Filter)

    @property
    def is_cut(self) -> bool:
        """Whether the log has lines that pass the filter and are not shown."""
        return len(self.lines) == SHOWN and self.total > SHOWN

    @property
    def is_uncounted(self) -> bool:
        return self.total > COUNTED

    @property
    def counted(self) -> int:
        return min(self.total, COUNTED)


def log_of(request: HttpRequest, job: Any, attempts: list[Attempt]) -> Log:
    """Return the last lines of the log that pass the filter of the address."""
    wanted = Filter.of(request)
    counts = _counts(job)
    newest = _filtered(job, wanted, attempts).order_by("-id")[:SHOWN]
    lines = [_line(entry, attempts) for entry in reversed(newest)]
    chips = [_chip(request, job, wanted, level, counts[level]) for level in _sorted(counts)]
    return Log(lines, sum(counts.values()), chips, wanted)


def _counts(job: Any) -> dict[str, int]:
    newest = _entries(job).order_by("-id").values("id")[: COUNTED + 1]
    levels = JobLogEntry.objects.using(job._state.db).filter(pk__in=newest).order_by()
    return dict(levels.values_list("level").annotate(models.Count("id")))


def _filtered(job: Any, wanted: Filter, attempts: list[Attempt]) -> models.QuerySet[JobLogEntry]:
    lines = _entries(job)
    if wanted.levels:
        lines = lines.filter(level__in=wanted.levels)
    for attempt in attempts:
        if attempt.key == wanted.attempt:
            lines = lines.filter(lines_of(attempt, attempts))
    if wanted.text:
        lines = lines.filter(message__icontains=wanted.text)
    if wanted.is_empty:
        return lines
    newest = _entries(job).order_by("-id").values("id")[:COUNTED]
    return lines.filter(pk__in=newest)


def _entries(job: Any) -> models.QuerySet[JobLogEntry]:
    return JobLogEntry.objects.using(job._state.db).filter(job_id=job.pk)


def _sorted(levels: Any) -> list[str]:
    return sorted(levels, key=lambda level: (_ORDER.get(level, -1), level))


def _chip(request: HttpRequest, job: Any, wanted: Filter, level: str, count: int) -> Chip:
    is_on = level in wanted.levels
    levels = [each for each in wanted.levels if each != level] + ([] if is_on else [level])
    href = address(request, "job", job.pk, **wanted.query(level=levels))
    return Chip(level, count, _COLORS.get(level, "gray"), is_on, f"{href}#log")


def _line(entry: JobLogEntry, attempts: list[Attempt]) -> Line:
    line = Line(
        entry.pk, entry.timestamp, entry.attempt, entry.level, _COLORS.get(entry.level, ""), ""
    )
    message = entry.message
    if is_traceback(message):
        line.head = last_line(message)[:LONGEST]
        same = (each for each in attempts if each.text and each.text.strip() == message.strip())
        line.told_by = next(same, None)
        line.rest = "" if line.told_by else Traceback.of(message).own
        return line
    line.head, _newline, line.rest = _cut(message).partition("\n")
    return line


def _cut(message: str) -> str:
    if len(message) <= LONGEST:
        return message
    more = _("(%s characters; the download has them all)") % numbers.whole(len(message))
    return f"{message[:LONGEST]}… {more}"


@page(Verb.VIEW)
def download(request: HttpRequest, pk: int) -> Any:
    """Stream the whole log as text."""
    job = found(request, pk)
    wanted = Filter.of(request)
    attempts = [] if wanted.is_empty else attempts_of(job)
    lines = _filtered(job, wanted, attempts).order_by("id").iterator(chunk_size=1000)
    name, kind = f"job-{job.pk}.log", "text/plain; charset=utf-8"
    return streamed(request, _texts(lines), name=name, content_type=kind)


def _texts(lines: Iterator[JobLogEntry]) -> Iterator[str]:
    for line in lines:
        moment = localtime(line.timestamp).isoformat(timespec="milliseconds")
        yield f"{moment} [{line.attempt}] {line.level.upper()} {line.message}\n"
