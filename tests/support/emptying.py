"""Empties the tables that have rows, as TRUNCATE does.

A TRUNCATE makes new files for a table and its indexes, even if the table is empty. Most tests write
to two or three tables of some forty.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.backends.base.base import BaseDatabaseWrapper

_WITH_PAGES: Final = """
SELECT oid::regclass::text
FROM pg_class
WHERE oid = ANY (%s::regclass[]) AND pg_relation_size(oid) > 0
"""


def empty(connection: BaseDatabaseWrapper, tables: Iterable[str]) -> None:
    """Empty those of ``tables`` that have pages, and the tables that refer to them."""
    with connection.cursor() as cursor:
        cursor.execute(_WITH_PAGES, [list(tables)])
        if used := [name for (name,) in cursor.fetchall()]:
            cursor.execute(f"TRUNCATE {', '.join(used)} CASCADE")
