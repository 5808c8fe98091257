"""The state of each queue, by a fixed number of bounded queries."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min
from django.db.models.functions import Coalesce
from django.utils import timezone

from pgjobs import stats
from pgjobs.choices import LIVE
from pgjobs.models import Job, Pause
from pgjobs.pages import charts
from pgjobs.pages.charts import Rect
from pgjobs.pages.sight import Sight
from pgjobs.queues import is_valid_name, known_queues

MOST: Final = 10_000
"""Live jobs that are counted in a lane; more are estimated."""
RATE: Final = timedelta(minutes=5)
"""The rates are those of so much time."""
_BARS: Final = 30
"""Bars of a sparkline, two minutes each."""


@dataclass(slots=True, kw_only=True)
class QueueState:
    """A queue as an operator sees it. Rates are None where the user sees not all jobs."""

    name: str
    waiting: int = 0
    scheduled: int = 0
    running: int = 0
    oldest: timedelta | None = None
    workers: int = 0
    slots: int = 0
    paused: datetime | None = None
    arriving: float | None = None
    leaving: float | None = None
    ended: list[int] = field(default_factory=list)
    """Ends of jobs in the last hour, the oldest first, in equal periods."""

    @property
    def has_page(self) -> bool:
        """Whether the name can stand in an address. SQL by hand can write any text."""
        return is_valid_name(self.name)

    @property
    def is_known(self) -> bool:
        return self.name in known_queues()

    @property
    def is_estimate(self) -> bool:
        return self.waiting >= MOST

    @property
    def lacks_worker(self) -> bool:
        return not self.workers and bool(self.waiting or self.scheduled)

    @property
    def sparkline(self) -> list[Rect]:
        return charts.sparkline(self.ended)

    @property
    def drains_in(self) -> timedelta | None:
        """The time until nothing waits, if jobs come and go as now; None if it grows."""
        if not self.waiting or self.paused or self.leaving is None or self.arriving is None:
            return None
        rate = self.leaving - self.arriving
        return timedelta(minutes=self.waiting / rate) if rate > 0.01 else None

    @property
    def grows(self) -> bool:
        """Whether more jobs come than go, so that the queue does not drain."""
        if self.leaving is None or self.arriving is None or not self.waiting:
            return False
        return self.drains_in is None and not self.paused


def states(sight: Sight, workers: Iterable[stats.WorkerRow]) -> list[QueueState]:
    """Return the project's queues in its order, and then others that have jobs or workers."""
    found = {name: QueueState(name=name) for name in known_queues()}

    def state(name: str) -> QueueState:
        return found.setdefault(name, QueueState(name=name))

    _count(sight, state)
    for worker in workers:
        if worker.alive:
            for name in {str(each) for each in worker.queues}:
                state(name).workers += 1
                state(name).slots += worker.slots
    pauses = Pause.objects.using(sight.using).filter(kind=Pause.Kind.QUEUE)
    for name, since in pauses.values_list("name", "since"):
        state(name).paused = since
    if sight.is_whole:
        _measure(sight.using, found)
    return list(found.values())


def _count(sight: Sight, state: Any) -> None:
    rows = stats.backlog(MOST, sight.using) if sight.is_whole else _backlog_of(sight)
    for row in rows:
        each = state(row.queue)
        each.waiting, each.scheduled, each.running = row.pending, row.scheduled, row.running
        each.oldest = row.oldest_wait


def _backlog_of(sight: Sight) -> list[stats.Backlog]:
    """Return the visible live jobs of each queue: at most `MOST` of each status are counted."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    oldest: dict[str, datetime] = {}
    for status in LIVE:
        some = sight.jobs.filter(status=status).order_by().values("pk")[:MOST]
        rows = Job.objects.using(sight.using).filter(pk__in=some).order_by().values("queue_name")
        for row in rows.annotate(n=Count("pk"), since=Min(Coalesce("scheduled", "created"))):
            counts[row["queue_name"]][status] = row["n"]
            if status == "pending":
                oldest[row["queue_name"]] = row["since"]
    now = timezone.now()
    return [
        stats.Backlog(
            queue=name,
            pending=counts[name]["pending"],
            scheduled=counts[name]["scheduled"],
            running=counts[name]["running"],
            oldest_wait=max(now - oldest[name], timedelta()) if name in oldest else None,
        )
        for name in counts
    ]


def _measure(using: str, found: dict[str, QueueState]) -> None:
    """Set the rates, and the ends of the last hour."""
    now = timezone.now()
    ended = [[0] * _BARS for _ in found]
    places = dict(zip(found, ended, strict=True))
    left: Counter[str] = Counter()
    first = (now - timedelta(hours=1)).replace(second=0, microsecond=0)
    lately = (now - RATE).replace(second=0, microsecond=0)
    for row in stats.ends_of_queues(first, using):
        if row.queue not in found:
            continue
        bar = int((row.start - first).total_seconds() // (3600 / _BARS))
        places[row.queue][min(bar, _BARS - 1)] += row.jobs
        if row.start >= lately:
            left[row.queue] += row.jobs
    came = {each.queue: each.per_minute for each in stats.arrivals(RATE, MOST, using)}
    minutes = (now - lately).total_seconds() / 60
    for name, state in found.items():
        state.ended = places[name]
        state.leaving = left[name] / minutes
        state.arriving = came.get(name, 0.0)
