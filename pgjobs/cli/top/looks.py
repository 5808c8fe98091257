"""The reading of each look. Each list has a bound, and says how much it leaves out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import Q

from pgjobs import stats
from pgjobs.cli.top.rates import Meter, Rates
from pgjobs.cli.top.reader import patiently
from pgjobs.steering.selection import all_jobs

MOST: Final = 200
"""Rows of a table."""
_MOST_KINDS: Final = 1000
_RECENT: Final = 100_000
"""A filter looks through the jobs with the newest ids, so that it never reads the whole table."""
_LONGEST_ID: Final = 18
"""Digits of a number that is an id of PostgreSQL for sure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The numbers above each table."""

    pending: int
    scheduled: int
    running: int
    oldest: timedelta | None
    workers: int
    slots: int
    rates: Rates | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """The overview and the rows of one table."""

    overview: Overview
    rows: Sequence[Any]
    left_out: str = ""
    """The rows that are left out, in words; empty if all are there."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The part of a look that all tables need, and the filter."""

    queues: list[stats.QueueRow]
    workers: list[stats.WorkerRow]
    text: str
    using: str


def look(table: str, text: str, meter: Meter) -> Look:
    """Read the overview and the rows of ``table`` that hold ``text``, in either case."""
    with patiently() as using:
        part = _Part(stats.queues(using), stats.workers(using), text.lower(), using)
        overview = _overview(part, stats.ended_since(meter.since, using), meter)
        rows, left_out = _TABLES[table](part, overview)
    return Look(overview=overview, rows=rows, left_out=left_out)


def _overview(part: _Part, ended: stats.Departures, meter: Meter) -> Overview:
    pending, scheduled, running = (
        sum(getattr(queue, name) for queue in part.queues)
        for name in ("pending", "scheduled", "running")
    )
    alive = [worker for worker in part.workers if worker.alive]
    return Overview(
        pending=pending,
        scheduled=scheduled,
        running=running,
        oldest=max((queue.latency for queue in part.queues if queue.latency), default=None),
        workers=len(alive),
        slots=sum(worker.slots for worker in alive),
        rates=meter.measure(ended, pending + scheduled + running),
    )


def _queues(part: _Part, _overview: Overview) -> tuple[list[Any], str]:
    return _cut([row for row in part.queues if part.text in row.queue.lower()])


def _workers(part: _Part, _overview: Overview) -> tuple[list[Any], str]:
    return _cut(
        [row for row in part.workers if _holds(part.text, row.name, row.hostname, *row.queues)]
    )


def _running(part: _Part, overview: Overview) -> tuple[list[Any], str]:
    rows = stats.running(MOST + 1, part.text, part.using)
    if len(rows) <= MOST:
        return rows, ""
    more = "more" if part.text else f"{overview.running - MOST} more"
    return rows[:MOST], f"and {more}"


def _jobs(part: _Part, _overview: Overview) -> tuple[list[Any], str]:
    ids = list(_ids(part.text))
    left_out = f"of the newest {_RECENT:,} ids" if part.text and ids and ids[0] > _RECENT else ""
    if len(ids) > MOST:
        left_out = f"the newest {MOST}; there are more"
    return stats.jobs(ids[:MOST], part.using), left_out


def _ids(text: str) -> Iterator[int]:
    """Yield the id that ``text`` is, and the ids of the newest jobs that hold it."""
    ids = all_jobs().order_by("-pk").values_list("pk", flat=True)
    if not text:
        yield from ids[: MOST + 1]
        return
    if text.isdecimal() and len(text) <= _LONGEST_ID:
        yield from ids.filter(pk=int(text))
    columns = ("status", "queue_name", "name", "job_class")
    holds = Q(*[(f"{column}__icontains", text) for column in columns], _connector=Q.OR)
    newest = ids.first() or 0
    yield from ids.filter(holds, pk__gt=newest - _RECENT)[: MOST + 1]


def _failures(part: _Part, _overview: Overview) -> tuple[list[Any], str]:
    kinds = stats.failures(_MOST_KINDS, part.using)
    return _cut([row for row in kinds if _holds(part.text, row.job_class, row.error)])


def _holds(text: str, *places: str) -> bool:
    return any(text in place.lower() for place in places)


def _cut(rows: list[Any]) -> tuple[list[Any], str]:
    more = len(rows) - MOST
    return rows[:MOST], f"and {more} more" if more > 0 else ""


_TABLES: Final[dict[str, Callable[[_Part, Overview], tuple[list[Any], str]]]] = {
    "queues": _queues,
    "workers": _workers,
    "running": _running,
    "jobs": _jobs,
    "failures": _failures,
}
"""The function that reads each table and returns its rows and the left out ones in words."""
