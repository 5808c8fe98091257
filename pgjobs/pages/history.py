"""How jobs ended over an hour, a day or a week: from the statistics, or from visible jobs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate, repeat, takewhile
from typing import Final, NamedTuple

from django.db.models import Count, Q
from django.db.models.functions import TruncHour
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pgjobs import stats
from pgjobs.choices import FINISHED
from pgjobs.models import Job
from pgjobs.models.job_database import job_database
from pgjobs.models.job_queryset import JobQuerySet
from pgjobs.pages import charts
from pgjobs.pages.charts import Bars, Lines, Period


class Span(NamedTuple):
    """A span of time up to now, in equal periods."""

    name: str
    title: str | Promise
    length: timedelta
    unit: stats.Period
    each: timedelta


SPANS: Final = (
    Span("hour", _("hour"), timedelta(hours=1), "minute", timedelta(minutes=1)),
    Span("day", _("day"), timedelta(days=1), "hour", timedelta(hours=1)),
    Span("week", _("week"), timedelta(days=7), "hour", timedelta(hours=1)),
)
HOUR, DAY, WEEK = SPANS


@dataclass(frozen=True, slots=True)
class History:
    """The periods of a span, drawn."""

    span: Span
    periods: Sequence[Period]
    bars: Bars
    lines: Lines | None

    @property
    def ended(self) -> int:
        return sum(each.ended for each in self.periods)

    @property
    def unsuccessful(self) -> int:
        return sum(each.errored + each.failed for each in self.periods)

    @property
    def busy(self) -> list[Period]:
        """The periods in which jobs ended, the newest first."""
        return [each for each in reversed(self.periods) if each.ended]

    @property
    def is_of_minutes(self) -> bool:
        return self.span.unit == "minute"


def span_of(request: HttpRequest, otherwise: Span = HOUR) -> Span:
    """Return the span that the address names as ``span``, or ``otherwise``."""
    named = request.GET.get("span")
    return next((each for each in SPANS if each.name == named), otherwise)


def of_all_jobs(span: Span, *, queue: str | None = None, job_class: str | None = None) -> History:
    """Return the history of all jobs, or of those of one queue or class, from the statistics."""
    starts = _starts(span)
    rows = stats.ended(
        starts[0],
        ["time"],
        job_database(),
        period=span.unit,
        queue=queue,
        job_class=job_class,
    )
    return _drawn(span, starts, (_period(row) for row in rows))


def of_jobs(jobs: JobQuerySet[Job]) -> History:
    """Return the last day of these jobs, hour by hour and without run times.

    Each of them is read, so there must be a bound on them.
    """
    starts = _starts(DAY)
    outcomes = {status: Count("pk", filter=Q(status=status)) for status in charts.OUTCOMES}
    rows = (
        jobs.filter(status__in=FINISHED, completed__gte=starts[0])
        .order_by()
        .values(start=TruncHour("completed", tzinfo=UTC))
        .annotate(**outcomes)
    )
    return _drawn(DAY, starts, (Period(**row) for row in rows))


def _starts(span: Span) -> list[datetime]:
    now = timezone.now()
    first = (now - span.length + span.each).astimezone(UTC).replace(second=0, microsecond=0)
    if span.unit == "hour":
        first = first.replace(minute=0)
    moments = accumulate(repeat(span.each), lambda moment, each: moment + each, initial=first)
    return list(takewhile(lambda moment: moment <= now, moments))


def _period(row: stats.Ended) -> Period:
    assert row.start is not None  # it was asked for
    return Period(
        start=row.start,
        completed=row.completed,
        cancelled=row.cancelled,
        failed=row.failed,
        errored=row.errored,
        p50=_seconds(row.run_p50),
        p95=_seconds(row.run_p95),
    )


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _drawn(span: Span, starts: Sequence[datetime], found: Iterable[Period]) -> History:
    by_start = {each.start: each for each in found}
    periods = [by_start.get(start) or Period(start=start) for start in starts]
    return History(span, periods, charts.bars(periods), charts.lines(periods))
