"""A job beside the previous run of the same class and object: what is other this time?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from pgjobs.access import redacted_column
from pgjobs.choices import JobStatus
from pgjobs.models import Job
from pgjobs.pages import spans
from pgjobs.pages.job.values import pretty
from pgjobs.steering.selection import all_jobs

_LONGEST: Final = 300
_MOST_NAMES: Final = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A property of both jobs."""

    name: str
    now: str
    before: str

    @property
    def differs(self) -> bool:
        return self.now != self.before


@dataclass(frozen=True, slots=True)
class Comparison:
    """The properties of a job and of its previous run."""

    previous: Job
    rows: list[Row]
    summary: str


def comparison_of(job: Any, previous: Job | None) -> Comparison | None:
    """Return the comparison; None for a job without a previous run, or one that has not begun."""
    if previous is None or job.started is None:
        return None
    whole = all_jobs().filter(pk=previous.pk).first()
    if whole is None:
        return None
    rows = list(_rows(job, whole))
    return Comparison(whole, rows, _summary(job, whole, rows))


def _rows(job: Any, previous: Any) -> Iterator[Row]:
    if job.is_finished:
        yield from _ends(job, previous)
    yield from _arguments(job, previous)
    yield Row(_("Queue"), *_both(job, previous, lambda each: each.queue_name))
    yield Row(_("Waited"), *_both(job, previous, lambda each: spans.shown(waited(each))))


def _ends(job: Any, previous: Any) -> Iterator[Row]:
    yield Row(_("Status"), *_both(job, previous, lambda each: str(JobStatus(each.status).label)))
    yield Row(_("Error"), *_both(job, previous, lambda each: _short(each.error)))
    yield Row(_("Result"), *_both(job, previous, lambda each: _json(each, "result")))
    yield Row(_("Attempts"), *_both(job, previous, lambda each: str(each.attempt)))
    yield Row(_("Ran"), *_both(job, previous, lambda each: spans.shown(ran(each))))


def _arguments(job: Any, previous: Any) -> Iterator[Row]:
    """Yield the arguments that differ, without the values of hidden keys."""
    now, before = (redacted_column(each, "kwargs") for each in (job, previous))
    if not (isinstance(now, dict) and isinstance(before, dict)):
        if now != before:
            yield Row(_("Arguments"), _short(now), _short(before))
        return
    for name in {**before, **now}:
        here, there = (_short(each[name]) if name in each else "-" for each in (now, before))
        if here != there:
            yield Row(_("Argument %s") % name[:60], here, there)


def _both(job: Any, previous: Any, value: Any) -> tuple[str, str]:
    return value(job), value(previous)


def _json(job: Any, column: str) -> str:
    value = redacted_column(job, column)
    return "-" if value is None else _short(value)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else pretty(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def waited(job: Any) -> timedelta | None:
    """Return how long the job waited beyond its due moment; a retry moves that moment."""
    if job.started is None:
        return None
    late: timedelta = job.started - (job.scheduled or job.created)
    return max(late, timedelta(0))


def ran(job: Any) -> timedelta | None:
    if job.started is None or job.completed is None:
        return None
    took: timedelta = job.completed - job.started
    return took


def _summary(job: Any, previous: Any, rows: list[Row]) -> str:
    parts = []
    now, before = ran(job), ran(previous)
    if now is not None and before is not None:
        words = _("%s slower") if now > before else _("%s faster")
        parts.append(words % spans.shown(abs(now - before)))
    spent = (_("Ran"), _("Waited"))  # never the same
    other = [row.name for row in rows if row.differs and row.name not in spent]
    if len(other) > _MOST_NAMES:
        other[_MOST_NAMES:] = ["…"]
    differs = _("other: %s") % ", ".join(other)
    parts.append(differs if other else _("nothing else differs"))
    return ", ".join(parts)
