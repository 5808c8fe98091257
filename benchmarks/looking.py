"""The time to read each view and each number of `pgjobs.stats`, beside many rows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from benchmarks import history, timing
from pgjobs import stats
from pgjobs.models import Job
from pgjobs.stats.counted import Span


def milliseconds(jobs: int) -> dict[str, Any]:
    """Fill the tables as so many jobs would, and return the median time of each look."""
    history.fill(jobs)
    newest = list(Job.objects.order_by("-pk").values_list("pk", flat=True)[:100])
    return {name: timing.median_milliseconds(look) for name, look in _looks(newest).items()}


def _looks(ids: list[int]) -> dict[str, Callable[[], object]]:
    def since(**span: float) -> Any:
        return timezone.now() - timedelta(**span)

    spans: tuple[Span, ...] = ("hour", "day", "week")
    return {
        **{f"throughput, {span}": partial(stats.throughput, span) for span in spans},
        **{f"latency, {span}": partial(stats.latency, span) for span in spans},
        "ends since an hour": lambda: stats.ended(since(hours=1)),
        "ends since a day": lambda: stats.ended(since(days=1)),
        "ends since a month": lambda: stats.ended(since(days=30)),
        "ends of an hour by minute": lambda: stats.ended(since(hours=1), ["time"]),
        "totals": stats.totals,
        "kinds of failure, counted": stats.failure_kinds,
        "kinds of failure, of the rows": stats.failures,
        "ended in five minutes": lambda: stats.ended_since(since(minutes=5)),
        "queues": stats.queues,
        "backlog": lambda: stats.backlog(10_000),
        "workers": stats.workers,
        "schedules": stats.schedules,
        "blockers": stats.blockers,
        "running": stats.running,
        "journal": stats.journal,
        "100 jobs": lambda: stats.jobs(ids),
        "figures of 100 jobs": lambda: stats.figures(ids),
        "why": lambda: stats.why(ids[0]),
    }
