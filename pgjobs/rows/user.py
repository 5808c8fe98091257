"""The user of a new job, who may have been deleted since the caller read it."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.contrib.auth import get_user_model
from django.db import connection, models

from pgjobs.rows.cursor import Cursor
from pgjobs.sql import load


def existing_user() -> str:
    """Return the query that locks a user and returns the user's key, or NULL if there is none."""
    return _query(get_user_model())


def key_of_existing_user(cursor: Cursor, key: Any) -> Any:
    """Return ``key``, or None if its user is deleted.

    In a transaction of the level ``read committed`` the user stays until the commit.
    """
    if key is None:
        return None
    cursor.execute(existing_user(), {"user_id": key})
    ((found,),) = cursor.fetchall()
    return None if found is None else key


@cache
def _query(model: type[models.Model]) -> str:
    users, key = model._meta.db_table, str(model._meta.pk.column)
    quoted = connection.ops.quote_name
    return load("user").replace("{users}", quoted(users)).replace("{key}", quoted(key))
