"""One live job for a class and an object: whether two rules agree, and who gives way."""

from __future__ import annotations

from typing import Any, Final

from django.db import connections, models

from pgjobs.choices import LIVE, WAITING, JobStatus
from pgjobs.rows import statements

TURNS: Final = 20
"""Rivals for one place replace each other's jobs only while their rules differ: a few turns."""

_RULE: Final = (
    "args interval kwargs max_attempts meta notifications priority queue_name timeout user_id"
).split()


def settle_with_holder(jobs: models.QuerySet[Any], row: dict[str, Any]) -> Any:
    """Return the live job if it serves ``row`` too; None once its place is free."""
    holder = jobs.filter(once_key=row["once_key"], status__in=LIVE).first()
    if holder is None:
        return None
    if _same_rule(holder, row):
        return holder
    if holder.status in WAITING:
        with connections[jobs.db].cursor() as cursor:
            statements.delete(cursor, [holder.pk], statuses=WAITING)
        return None
    # Running: the successor, which the recorder inserts, takes over what differs.
    changed = jobs.filter(pk=holder.pk, epoch=holder.epoch, status=JobStatus.RUNNING)
    successor = _successor(row)
    if changed.update(successor=successor):
        holder.successor = successor
        return holder
    return None


def _same_rule(holder: Any, row: dict[str, Any]) -> bool:
    said = holder.successor or {}
    interval = said.get("interval", holder.interval)
    same_moment = row["scheduled"] is None or row["scheduled"] == holder.scheduled
    return same_moment and bool(row["interval"] == interval)


def _successor(row: dict[str, Any]) -> dict[str, Any]:
    """Return what the successor of a running job takes from ``row``."""
    successor = {key: row[key] for key in _RULE}
    if row["scheduled"] is not None:
        successor["scheduled"] = row["scheduled"].isoformat()
    return successor
