"""Inserting many jobs with COPY."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from django.db import DatabaseError

from pgjobs.rows.columns import COPIED, GIVEN_AS_JSON
from pgjobs.rows.statements import NOT_INSERTED
from pgjobs.rows.user import key_of_existing_user
from pgjobs.sql import load

_PLAIN: Final = tuple(name for name in COPIED if name not in ("id", *GIVEN_AS_JSON))


def copy_jobs(cursor: Any, rows: Sequence[dict[str, Any]]) -> list[int]:
    """Insert ``rows`` and return their ids, in the order of ``rows``.

    This takes two round trips: one draws the ids, because COPY returns nothing. Another one looks
    for the user, whom all rows share, if there is any.
    """
    ids, has_policies = _draw_ids(cursor, len(rows))
    if rows[0]["user_id"] is not None:
        user = key_of_existing_user(cursor, rows[0]["user_id"])
        rows = [{**row, "user_id": user} for row in rows]
    values = _values(ids, rows)
    _write(cursor, values, has_policies)
    if cursor.rowcount != len(ids):
        raise DatabaseError(NOT_INSERTED)
    return ids


def _write(cursor: Any, values: Iterable[list[Any]], has_policies: bool) -> None:
    if has_policies:
        rows = [dict(zip(COPIED, row, strict=True)) for row in values]
        cursor.executemany(load("insert_apart"), rows)
        return
    with cursor.copy(load("copy")) as copy:
        for row in values:
            copy.write_row(row)


def _values(ids: Sequence[int], rows: Sequence[dict[str, Any]]) -> Iterator[list[Any]]:
    """Yield the values of each row, in the order of ``COPIED``."""
    as_json = _JsonTexts()
    for job_id, row in zip(ids, rows, strict=True):
        plain = (row[name] for name in _PLAIN)
        yield [job_id, *plain, *(as_json(row[name]) for name in GIVEN_AS_JSON)]


def _draw_ids(cursor: Any, count: int) -> tuple[list[int], bool]:
    """Return ids for new jobs, and whether row policies hold for them."""
    cursor.execute(load("draw_ids"), {"count": count})
    drawn = cursor.fetchall()
    return [job_id for job_id, _ in drawn], drawn[0][1]


class _JsonTexts:
    """Writes values as JSON, each object once: the rows of a bulk share most of their values.

    The texts are remembered by the identity of their value. So a value must not be freed
    while this object is in use, or a new value could get its identity and its text.
    """

    def __init__(self) -> None:
        self._texts: dict[int, str | None] = {id(None): None}

    def __call__(self, value: Any) -> str | None:
        if (key := id(value)) not in self._texts:
            self._texts[key] = json.dumps(value)
        return self._texts[key]
