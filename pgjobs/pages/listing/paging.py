"""A page of a list that may be millions long: where it begins is an id, and not a number of rows.

So the last page costs as little as the first, and rows that come and go between two pages neither
repeat nor hide a job.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import F

from pgjobs.models import Job
from pgjobs.models.job_queryset import JobQuerySet

COUNTED: Final = 10_000
"""The largest number of jobs that a list counts."""
PER_PAGE: Final = 50
NEAR: Final = 25_000
"""Ids that a page looks through along the primary key. Beyond them it sorts."""
_UNINDEXED: Final = F("pk") + 0
"""The order of the ids, for which the planner does not walk along the primary key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A page of the list, the newest job first."""

    ids: list[int]
    total: int | None
    """The number of jobs that match; None if there are more than `COUNTED`."""
    position: int | None
    """The number of newer jobs that match, if it is known."""
    has_newer: bool
    has_older: bool

    @property
    def first(self) -> int | None:
        return None if self.position is None else self.position + 1

    @property
    def last(self) -> int | None:
        return None if self.position is None else self.position + len(self.ids)


def part_of(jobs: JobQuerySet[Job], *, before: int | None = None, after: int | None = None) -> Part:
    """Return the newest page, the page of older jobs than ``before`` or of newer than ``after``.

    If the page lies near, the jobs are counted without an order, and that stops early. Otherwise
    they are few, or far away, and one look at all of them gives both the page and the number.
    """
    near = _below(jobs, before) if after is None else _above(jobs, after)
    is_near = len(near) > PER_PAGE
    counting = jobs if is_near else jobs.order_by(_UNINDEXED.desc())
    ids = list(counting.values_list("pk", flat=True)[: COUNTED + 1])
    if len(ids) <= COUNTED:
        return _cut(sorted(ids), before, after)
    if after is not None:
        return _walked_up(jobs, after, near if is_near else _all_above(jobs, after))
    if not is_near:
        near = ids if before is None else _all_below(jobs, before)
    return _walked_down(jobs, before, near)


def counted(jobs: JobQuerySet[Job]) -> int | None:
    """Return the number of ``jobs``, or None if there are more than `COUNTED`."""
    number = jobs.order_by().values("pk")[: COUNTED + 1].count()
    return number if number <= COUNTED else None


def _cut(ids: list[int], before: int | None, after: int | None) -> Part:
    """Return a page of all ``ids``, which are in ascending order."""
    if after is not None:
        start = bisect_left(ids, after + 1)
        end = min(start + PER_PAGE, len(ids))
    else:
        end = len(ids) if before is None else bisect_left(ids, before)
        start = max(end - PER_PAGE, 0)
    return Part(
        ids=ids[start:end][::-1],
        total=len(ids),
        position=len(ids) - end,
        has_newer=end < len(ids),
        has_older=start > 0,
    )


def _walked_down(jobs: JobQuerySet[Job], before: int | None, found: list[int]) -> Part:
    """Return a page of more jobs than are counted; ``found`` begins with its ids."""
    has_newer = before is not None and bool(
        _above(jobs, before - 1) or _all_above(jobs, before - 1)
    )
    return Part(
        ids=found[:PER_PAGE],
        total=None,
        position=None if has_newer else 0,
        has_newer=has_newer,
        has_older=len(found) > PER_PAGE,
    )


def _walked_up(jobs: JobQuerySet[Job], after: int, found: list[int]) -> Part:
    """Return a page of more jobs than are counted; ``found`` has its ids, the oldest first."""
    return Part(
        ids=found[:PER_PAGE][::-1],
        total=None,
        position=None,
        has_newer=len(found) > PER_PAGE,
        has_older=bool(after) and bool(_below(jobs, after + 1) or _all_below(jobs, after + 1)),
    )


def _below(jobs: JobQuerySet[Job], limit: int | None) -> list[int]:
    """Return the ids of the newest jobs below ``limit``, of those that lie near it.

    The planner takes the jobs that match for evenly spread. So it would walk along the primary key
    even if all of them are at its other end, and that takes longer than to read the whole table.
    """
    everything = Job.objects.using(jobs.db)
    if limit is not None:
        jobs, everything = jobs.filter(pk__lt=limit), everything.filter(pk__lt=limit)
    newest = everything.order_by("-pk").values_list("pk", flat=True).first()
    return [] if newest is None else _ids(jobs.filter(pk__gt=newest - NEAR), "-pk")


def _above(jobs: JobQuerySet[Job], limit: int) -> list[int]:
    """Return the ids of the oldest jobs above ``limit``, of those that lie near it."""
    everything = Job.objects.using(jobs.db).filter(pk__gt=limit)
    oldest = everything.order_by("pk").values_list("pk", flat=True).first()
    if oldest is None:
        return []
    return _ids(jobs.filter(pk__gt=limit, pk__lt=oldest + NEAR), "pk")


def _all_below(jobs: JobQuerySet[Job], limit: int) -> list[int]:
    return _ids(jobs.filter(pk__lt=limit), _UNINDEXED.desc())


def _all_above(jobs: JobQuerySet[Job], limit: int) -> list[int]:
    return _ids(jobs.filter(pk__gt=limit), _UNINDEXED.asc())


def _ids(jobs: JobQuerySet[Job], order: Any) -> list[int]:
    """Return the first ids in an order, one more than a page has."""
    return list(jobs.order_by(order).values_list("pk", flat=True)[: PER_PAGE + 1])
