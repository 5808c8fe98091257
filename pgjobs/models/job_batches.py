"""Many jobs in batches: each batch is one transaction, unless the caller has opened one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final, Self, TypeVar

from django.db import connections

from pgjobs.models.job_rows import J, JobRows
from pgjobs.rows.rivalry import in_transaction
from pgjobs.sql import load

T = TypeVar("T")

BATCH: Final = 1000
"""Jobs that change in one statement, and in one transaction if the caller has none."""


class JobBatches(JobRows[J]):
    """The base of ``JobQuerySet`` that divides its jobs into batches."""

    def _in_batches(self, act: Callable[[Self], T], *, newest_first: bool = False) -> Iterator[T]:
        """Yield the results of ``act`` for these jobs, or for each batch of them if they are many.

        Each batch commits, unless the caller has opened a transaction. A huge transaction would
        keep the locks of its first jobs, and workers would wait for them.
        """
        ids: list[int] = []
        if not connections[self.database].in_atomic_block:
            ids = sorted(self.using(self.database).values_list("pk", flat=True))
        if len(ids) <= BATCH:
            yield in_transaction(self.database, partial(act, self))
            return
        batches = list(chunks(ids, BATCH))
        for batch in reversed(batches) if newest_first else batches:
            yield in_transaction(self.database, partial(act, self._among(batch)))

    def _among(self, ids: list[int]) -> Self:
        """Return a batch of these jobs: from the first to the last of ``ids``, which are sorted."""
        query = self.query
        if query.is_sliced or query.combinator or query.distinct_fields:
            return self._everything().filter(pk__in=ids)
        return self.filter(pk__gte=ids[0], pk__lte=ids[-1])

    def _execute(self, name: str, ids: list[int]) -> list[int]:
        """Return the ids of the jobs that a statement changes.

        The rows of several jobs are locked before, in the order of their ids.
        """
        with self._cursor() as cursor:
            cursor.execute(load(name), {"ids": ids})
            return [job for (job,) in cursor.fetchall()]

    def _cursor(self) -> Any:
        return connections[self.database].cursor()


def chunks(items: list[T], size: int = BATCH) -> Iterator[list[T]]:
    """Yield ``items`` in lists that one statement can take."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
