"""Rows that refuse a change without an error: a trigger or a policy of the project keeps them."""

from __future__ import annotations

from collections.abc import Collection

import psycopg
from django.db import DatabaseError

from pgjobs.rows.accepted import Recorded


class RefusedSilently(psycopg.DatabaseError, DatabaseError):
    """A statement changed no row, without an error, although the row could have been changed.

    It is an error of psycopg and of Django, because statements run on cursors of both.
    """

    def __init__(
        self, jobs: Collection[int] = (), recorded: dict[int, Recorded] | None = None
    ) -> None:
        """``jobs`` have refused; ``recorded`` are those of the same statement that have not."""
        super().__init__(
            "nothing was changed, without an error: a trigger that returns NULL or OLD, or a row "
            "security policy, keeps the row as it is"
        )
        self.jobs = frozenset(jobs)
        self.recorded = recorded or {}
