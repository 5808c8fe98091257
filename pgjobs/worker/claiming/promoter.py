"""Makes scheduled jobs that are due pending."""

from __future__ import annotations

from typing import Any, Final

import psycopg

from pgjobs.choices import JobStatus
from pgjobs.sql import load
from pgjobs.worker.claiming.lanes import STRAGGLES_AFTER
from pgjobs.worker.claiming.refusing import APART_AT_ONCE, RefusingRows
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.errors import is_away

PROMOTE: Final = load("promote").replace("{only}", "")
_PROMOTE_ONE: Final = load("promote").replace("{only}", "AND id = %(id)s")
_AT_ONCE: Final = 1000


class Promoter:
    """Promotes for one worker. If PostgreSQL refuses a batch, the rows are tried one by one."""

    def __init__(self, connection: EngineConnection, refusing: RefusingRows) -> None:
        self._connection = connection
        self._refusing = refusing
        self._in_vain = 0
        """Promotions in a row that found jobs due and promoted none."""

    def promote(self) -> list[str]:
        """Make due jobs pending; return the queue of each."""
        values = {"limit": _AT_ONCE, "set_aside": self._refusing.set_aside()}
        try:
            promoted = self._promoted(PROMOTE, values)
        except psycopg.Error as error:
            if is_away(error):
                raise
            return self._promote_apart(values)
        self._in_vain = 0 if promoted else self._in_vain + 1
        if self._in_vain > STRAGGLES_AFTER:
            return self._promote_apart(values)
        return promoted

    def _promote_apart(self, values: dict[str, Any]) -> list[str]:
        self._promoted(PROMOTE, {**values, "limit": 0})  # it fails if no row is to blame
        batch, one = {**values, "limit": APART_AT_ONCE}, {**values, "limit": 1}
        return self._refusing.take_apart(
            self._due(batch),
            lambda row: self._promoted(_PROMOTE_ONE, {**one, "id": row}),
            status=JobStatus.SCHEDULED,
        )

    def _promoted(self, statement: str, values: dict[str, Any]) -> list[str]:
        rows = self._connection.cursor().execute(statement, values).fetchall()
        return [queue for (queue,) in rows if queue is not None]

    def _due(self, values: dict[str, Any]) -> list[int]:
        rows = self._connection.cursor().execute(load("apart/due"), values).fetchall()
        return [row for (row,) in rows]
