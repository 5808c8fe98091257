"""Inserting one job, with a single statement that also says whether somebody must be woken."""

from __future__ import annotations

import json
import math
import time
from typing import Any, Final

from django.db import connections, transaction
from django.db.models.signals import post_save, pre_save

from pgjobs.sql import load

_PLAIN: Final = (
    "status scheduled job_class name object_type_id object_id user_id queue_name priority "
    "once_key interval max_attempts timeout notifications"
).split()
_INSERT: Final = load("insert").replace("{unless}", "")
_INSERT_UNLESS_TAKEN: Final = load("insert").replace(
    "{unless}",
    "ON CONFLICT (once_key) "
    "WHERE once_key IS NOT NULL AND status IN ('pending', 'scheduled', 'running') DO NOTHING",
)


def insert(job: Any, using: str, *, unless_taken: bool = False) -> float | None:
    """Insert the new ``job``, and send what ``save()`` sends; it costs half of ``save()``.

    Return the moment, of the monotonic clock, since which an idle worker may have been
    overlooked; minus infinity if one must be woken. None if ``unless_taken`` and a live
    job holds its ``enqueue_once`` place: this waits for a rival that has not committed.
    """
    told: dict[str, Any] = {"sender": type(job), "instance": job, "raw": False, "using": using}
    pre_save.send(**told, update_fields=None)
    began = time.monotonic()
    inserted = _execute(_INSERT_UNLESS_TAKEN if unless_taken else _INSERT, job, using)
    if inserted is None:
        return None
    job.pk, job.position, job.created, must_ring = inserted
    job._state.adding, job._state.db = False, using
    post_save.send(**told, created=True, update_fields=None)
    return -math.inf if must_ring else began


def _execute(statement: str, job: Any, using: str) -> Any:
    values = {name: getattr(job, name) for name in _PLAIN}
    values["args"], values["kwargs"] = json.dumps(job.args), json.dumps(job.kwargs)
    values["meta"] = None if job.meta is None else json.dumps(job.meta)
    with transaction.mark_for_rollback_on_error(using=using), connections[using].cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()
