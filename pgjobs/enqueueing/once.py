"""``enqueue_once()``: the place of a job, and the live job that already holds it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.db import connections, models

from pgjobs.choices import LIVE, WAITING, JobStatus
from pgjobs.rows import statements
from pgjobs.rows.columns import RULE

TURNS: Final = 20
"""How often ``enqueue_once()`` tries to insert its job. Processes that enqueue different rules for
one place replace each other's waiting jobs, so a single try is not enough."""


def place(row: Mapping[str, Any]) -> str:
    """Return the place of ``row`` as the column ``once_key`` holds it: the class and the object."""
    if row["object_id"] is None:
        return str(row["job_class"])
    return f"{row['job_class']}:{row['object_type_id']}:{row['object_id']}"


Settle = Callable[[models.QuerySet[Any], dict[str, Any]], Any]
"""Returns the live job that keeps the place of a row, or None if the row may be tried again."""


def holder_of(jobs: models.QuerySet[Any], row: dict[str, Any]) -> Any:
    """Return the live job that holds the place of ``row``, whatever its rule; None if it ended."""
    return jobs.filter(once_key=row["once_key"], status__in=LIVE).first()


def settle_with_holder(jobs: models.QuerySet[Any], row: dict[str, Any]) -> Any:
    """Return the live job that holds the place of ``row``, or None if ``row`` may be tried again.

    - A holder with the interval and the moment of ``row`` is returned unchanged.
    - Another waiting holder is deleted, and None is returned: the place is free. If a foreign key
      of another table refers to jobs, the holder is cancelled instead.
    - Another running holder is returned, and its successor will follow ``row``.

    None also means that the holder has ended or started meanwhile.
    """
    holder = holder_of(jobs, row)
    if holder is None or _follows(holder, row):
        return holder
    if holder.status in WAITING:
        with connections[jobs.db].cursor() as cursor:
            statements.replace(cursor, holder.pk)
        return None
    return _with_successor(jobs, holder, _successor(row))


def _follows(holder: Any, row: dict[str, Any]) -> bool:
    """Return whether ``holder`` has the interval of ``row`` and its moment, if one was given."""
    successor = holder.successor if isinstance(holder.successor, dict) else {}
    interval = successor.get("interval", holder.interval)
    same_moment = row["scheduled"] is None or row["scheduled"] == holder.scheduled
    return same_moment and bool(row["interval"] == interval)


def _with_successor(jobs: models.QuerySet[Any], holder: Any, successor: dict[str, Any]) -> Any:
    """Store ``successor`` in the running ``holder`` and return it; None if it has moved on.

    The statement that records the end of ``holder`` inserts the successor.
    """
    running = jobs.filter(pk=holder.pk, epoch=holder.epoch, status=JobStatus.RUNNING)
    if not running.update(successor=successor):
        return None
    holder.successor = successor
    return holder


def _successor(row: dict[str, Any]) -> dict[str, Any]:
    """Return the columns that the successor of a running job takes from ``row``."""
    successor = {name: row[name] for name in RULE}
    if row["user_id"] is not None:  # PostgreSQL reads a key of any type from its text
        successor["user_id"] = str(row["user_id"])
    if row["scheduled"] is not None:
        successor["scheduled"] = row["scheduled"].isoformat()
    return successor
