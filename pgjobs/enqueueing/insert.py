"""Inserting one job, in a single statement that also looks for idle workers."""

from __future__ import annotations

import json
import time
from typing import Any, Final

from django.db import DatabaseError, connections, transaction
from django.db.models.signals import post_save, pre_save

from pgjobs.enqueueing.ring import IdleCheck
from pgjobs.rows.columns import GIVEN
from pgjobs.rows.statements import NOT_INSERTED
from pgjobs.rows.user import existing_user
from pgjobs.sql import load

_INSERT: Final = load("insert").replace("{unless}", "")
_INSERT_UNLESS_TAKEN: Final = load("insert").replace("{unless}", load("unless_taken"))


def insert(job: Any, using: str) -> IdleCheck:
    """Insert the new ``job`` and return the check for idle workers that the INSERT made.

    ``pre_save`` and ``post_save`` are sent as ``save()`` sends them. The cost is half of
    the cost of ``save()``.
    """
    check = _insert(_INSERT, job, using)
    if check is None:  # this INSERT gives way to no other job
        raise DatabaseError(NOT_INSERTED)
    return check


def insert_unless_taken(job: Any, using: str) -> IdleCheck | None:
    """Insert the new ``job`` like ``insert()``; return None if a live job holds its place.

    If a transaction that is still open took the place, this call waits for its end.
    """
    return _insert(_INSERT_UNLESS_TAKEN, job, using)


def _insert(statement: str, job: Any, using: str) -> IdleCheck | None:
    saving: dict[str, Any] = {"sender": type(job), "instance": job, "raw": False, "using": using}
    pre_save.send(**saving, update_fields=None)
    began = time.monotonic()
    row = _execute(statement, job, using)
    if row is None:
        return None
    job.pk, job.position, job.created, must_ring, user_id = row
    if user_id is None:  # the caller's user may have been deleted
        job.user_id = None
    job._state.adding, job._state.db = False, using
    post_save.send(**saving, created=True, update_fields=None)
    return IdleCheck(at=began, must_ring=must_ring)


def _execute(statement: str, job: Any, using: str) -> Any:
    values = {name: getattr(job, name) for name in GIVEN}
    values["args"], values["kwargs"] = json.dumps(job.args), json.dumps(job.kwargs)
    values["meta"] = None if job.meta is None else json.dumps(job.meta)
    if job.user_id is not None:
        statement = statement.replace("%(user_id)s", f"({existing_user()})")
    with transaction.mark_for_rollback_on_error(using=using), connections[using].cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchone()
