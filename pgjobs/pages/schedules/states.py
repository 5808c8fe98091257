"""The schedules, with their last outcomes and next runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from pgjobs import stats
from pgjobs.models import Schedule
from pgjobs.pages.schedules import rules
from pgjobs.pages.sight import Sight
from pgjobs.stats import Outcomes, ScheduleRow

MARKS: Final = 5
"""Last outcomes that are shown."""


@dataclass(frozen=True, slots=True)
class ScheduleState:
    """A schedule as an operator sees it."""

    row: ScheduleRow
    rule: str
    exact_rule: str
    """The rule with its cron expression as it is written."""
    next_runs: Sequence[datetime]
    outcomes: Sequence[Outcomes]
    """The last runs, the oldest first. A user who sees not all jobs gets none."""
    last_status: str | None
    """The status of the last job; None if it is gone or hidden."""

    @property
    def last_failed(self) -> bool:
        return bool(self.outcomes and self.outcomes[-1].unsuccessful) or self.last_status in (
            "errored",
            "failed",
        )


def states(sight: Sight, only: int | None = None) -> list[ScheduleState]:
    """Return the schedules, the next one first, or one of them."""
    rows = [each for each in stats.schedules(sight.using) if only in (None, each.id)]
    schedules = Schedule.objects.using(sight.using).in_bulk([each.id for each in rows])
    last = [each.last_job_id for each in rows if each.last_job_id is not None]
    seen = dict(sight.jobs.filter(pk__in=last).order_by().values_list("pk", "status"))
    outcomes = _outcomes(sight.using, schedules.values()) if sight.is_whole else {}
    return [
        ScheduleState(
            row,
            rules.in_words(schedules[row.id]),
            rules.exactly(schedules[row.id]),
            rules.upcoming(schedules[row.id], MARKS),
            outcomes.get(row.job_class, ()),
            seen.get(row.last_job_id or 0),
        )
        for row in rows
        if row.id in schedules  # it may be deleted meanwhile
    ]


def _outcomes(using: str, schedules: Iterable[Schedule]) -> dict[str, Sequence[Outcomes]]:
    """Return the last outcomes of the classes.

    The statistics count by class and time. So each schedule is read in periods that hold one run
    of it, and more of them than are shown.
    """
    now = timezone.now()
    found: dict[str, Sequence[Outcomes]] = {}
    by_period: defaultdict[stats.Period, dict[str, timedelta]] = defaultdict(dict)
    for schedule in schedules:
        between = rules.gap(schedule)
        by_period[_period(between)][schedule.job_class] = between
    for period, gaps in by_period.items():
        back = max(gaps.values()) * (MARKS + 1)
        since = now - min(back, _LONGEST[period])
        rows: defaultdict[str, list[Outcomes]] = defaultdict(list)
        for row in stats.outcomes(gaps, since, period, using):
            if len(rows[row.job_class]) < MARKS:
                rows[row.job_class].append(row)
        found |= {path: each[::-1] for path, each in rows.items()}
    return found


_LONGEST: Final[dict[stats.Period, timedelta]] = {
    "minute": timedelta(hours=6),
    "hour": timedelta(days=8),
    "day": timedelta(days=200),
}


def _period(between: timedelta) -> stats.Period:
    if between < timedelta(hours=1):
        return "minute"
    return "hour" if between <= timedelta(days=1) else "day"
