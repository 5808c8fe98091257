"""The moments of a job in their order, with the gaps between them in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pgjobs.choices import JobStatus
from pgjobs.pages import spans
from pgjobs.pages.job.attempts import Attempt

MOST_ATTEMPTS: Final = 3
"""Attempts that the timeline shows: the last ones."""


@dataclass(frozen=True, slots=True)
class Step:
    """A moment, and the gap before it."""

    name: str | Promise
    moment: datetime | None
    gap: str = ""
    color: str = "gray"
    is_ahead: bool = False


def timeline_of(job: Any, attempts: list[Attempt]) -> list[Step]:
    """Return the steps from the creation of a job to its end, or to what is to come."""
    return list(_steps(job, attempts))


def in_words(span: timedelta) -> str:
    """Return a span without a second unit that is zero: ``5 min`` and not ``5 min 0 s``."""
    return spans.concise(span)


def _steps(job: Any, attempts: list[Attempt]) -> Iterator[Step]:
    yield Step(_("Created"), job.created)
    reached = job.created
    was_tried = any(each.failed for each in attempts)
    # A retry moves `scheduled`: then the first due moment is not known any more.
    if job.scheduled and not was_tried and job.scheduled > job.created and attempts:
        yield Step(_("Due"), job.scheduled, _gap(_("planned %s ahead"), reached, job.scheduled))
        reached = job.scheduled
    begun = [each for each in attempts if each.started is not None]
    for attempt in begun[-MOST_ATTEMPTS:]:
        gap = _gap(_("waited %s for a slot"), reached, attempt.started)
        if attempt is begun[-MOST_ATTEMPTS:][0] and len(begun) > MOST_ATTEMPTS:
            left = len(begun) - MOST_ATTEMPTS
            gap = ngettext("%d attempt before", "%d attempts before", left) % left
        elif attempt is not begun[0]:
            gap = _gap(_("next attempt after %s"), reached, attempt.started)
        if attempt is begun[-1]:
            name = _("Started") if len(attempts) == 1 else attempt.name
            yield Step(name, attempt.started, gap, "blue")
            if attempt.ended is not None:
                yield _end(job, attempt)
        else:
            words = [attempt.name, attempt.short_exception]
            yield Step(": ".join(filter(None, words)), attempt.started, gap, "red")
        reached = attempt.ended or attempt.started
    yield from _to_come(job, reached, attempts)


def _end(job: Any, attempt: Attempt) -> Step:
    gap = _gap(_("ran %s"), attempt.started, attempt.ended)
    if attempt.status and job.is_finished:
        status = JobStatus(job.status)
        return Step(status.label, attempt.ended, gap, status.color)
    return Step(attempt.short_exception or _("Ended"), attempt.ended, gap, "red")


def _to_come(job: Any, reached: datetime, attempts: list[Attempt]) -> Iterator[Step]:
    now = timezone.now()
    if job.status == JobStatus.RUNNING:
        gap = _("running for %s") % in_words(now - job.started)
        yield Step(_("Times out"), job.started + job.time_limit, gap, is_ahead=True)
    elif job.is_waiting:
        due = job.scheduled or job.created
        if due > now:
            gap = _("due in %s") % spans.rough((due - now).total_seconds())
            yield Step(_("Due"), due, gap, is_ahead=True)
        else:
            since = max(due, reached)
            if due > reached:
                yield Step(_("Due"), due, _gap(_("waited %s"), reached, due))
            gap = _("has waited %s for a slot") % in_words(now - since)
            yield Step(_("Starts"), None, gap, is_ahead=True)
    elif job.completed and not any(each.ended == job.completed for each in attempts):
        status = JobStatus(job.status)
        gap = _gap(_("waited %s"), reached, job.completed)
        yield Step(status.label, job.completed, gap, status.color)


def _gap(words: str, begin: datetime | None, end: datetime | None) -> str:
    if begin is None or end is None or end <= begin:
        return ""
    return words % in_words(end - begin)
