"""The deletion of many jobs at once, without reading them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.deletion import get_candidate_relations_to_delete
from django.db.models.signals import post_delete, pre_delete

from pgjobs.rows.cursor import Cursor
from pgjobs.sql import load


def is_watched(jobs: type[models.Model]) -> bool:
    """Return whether the project wants to know of each deleted job, or of each line of a log.

    A receiver of a signal wants each instance. A table of the project that refers to jobs has rows
    that Django deletes or changes with them.
    """
    log: Any = jobs._meta.get_field("log_entries").related_model
    relations: Any = [
        relation
        for model in (jobs, log)
        for relation in get_candidate_relations_to_delete(model._meta)
    ]
    return any(
        signal.has_listeners(model) for signal in (pre_delete, post_delete) for model in (jobs, log)
    ) or any(
        relation.related_model._meta.app_label != "pgjobs"
        for relation in relations
        if relation.on_delete is not models.DO_NOTHING
    )


def delete_plainly(cursor: Cursor, ids: list[int]) -> dict[str, int]:
    """Delete the locked jobs of ``ids``; return the number of rows of each model.

    The models are named as in the answer of Django's ``delete()``.
    """
    cursor.execute(load("steering/delete"), {"ids": ids})
    ((lines, jobs),) = cursor.fetchall()
    counts: dict[str, Any] = {"pgjobs.JobLogEntry": lines, "pgjobs.Job": jobs}
    return {label: count for label, count in counts.items() if count}
