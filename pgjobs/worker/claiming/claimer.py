"""Claims ready jobs in batches, in the strict order of the worker's queues and of priority."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from pgjobs.choices import JobStatus
from pgjobs.exceptions import UnreadableRow
from pgjobs.models import Job
from pgjobs.sql import load
from pgjobs.worker.claiming.lanes import Lanes
from pgjobs.worker.claiming.promoter import Promoter
from pgjobs.worker.claiming.reading import Passed, read_claimed
from pgjobs.worker.claiming.refusing import APART_AT_ONCE, RefusingRows
from pgjobs.worker.connection import LAZY_COMMIT, EngineConnection
from pgjobs.worker.errors import is_away

_ONLY: Final = "AND id = %(id)s"


def _claim_statement(stretches: str, only: str = "") -> str:
    return load("claim").replace("{stretches}", load(stretches)).replace("{only}", only)


CLAIM: Final = _claim_statement("claim_in_order")
CLAIM_IN_BLOCKS: Final = _claim_statement("claim_in_blocks")
_CLAIM_ONE: Final = _claim_statement("claim_in_order", _ONLY)

SETTINGS: Final = {
    # A trigger of the project may wait for what another transaction holds.
    "lock_timeout": "'1s'",
    **LAZY_COMMIT,
}

HEAVY: Final = 8_000
"""A job is heavy if its arguments, data and meta have more bytes than this. Its slot reads
them, not its claim. A worker may hold thousands of jobs, claimed ahead or with unwritten outcomes:
by this limit they have some ten megabytes of JSON together, and each slot may have a heavy job."""

_PROMOTE_AGAIN: Final = 0.5
"""Seconds until the next promotion if due jobs are left: their rows are locked, or PostgreSQL
refused to change them."""


@dataclass(frozen=True, slots=True)
class Sight:
    """The result of a look at the queues."""

    ready: bool
    due_in: float | None
    """Seconds until the next scheduled job of any queue is due; None if no job is scheduled."""


class Claimer:
    """Claims for one worker, in its lanes.

    If PostgreSQL refuses a batch, the rows are tried one by one: one row must not hold up others.
    """

    def __init__(
        self,
        connection: EngineConnection,
        queues: tuple[str, ...],
        *,
        on_unreadable: Callable[[Job, UnreadableRow], None] = lambda job, error: None,
        announce: Callable[[int], None] = lambda job_id: None,
    ) -> None:
        """Call ``on_unreadable`` with each claimed job that can't be read.

        Call ``announce`` with the id of each job that ended as errored because it can't be claimed.
        """
        self._connection = connection
        self._on_unreadable = on_unreadable
        self._lanes = Lanes(queues)
        self._passed: Passed = {}
        self._refusing = RefusingRows(connection, announce=announce)
        self._promoter = Promoter(connection, self._refusing)

    def claim(self, *, limit: int, worker: int) -> list[Job]:
        """Take up to ``limit`` ready jobs, in the order in which they should start."""
        values = {
            **self._lanes.to_search(),
            "set_aside": self._refusing.set_aside(),
            "limit": limit,
            "worker": worker,
            "heavy": HEAVY,
        }
        try:
            jobs = self._claim(self._statement(limit), values)
        except psycopg.Error as error:
            if is_away(error):
                raise
            jobs = self._claim_apart(values)
        else:
            # The claim has passed over all that is left, and looks keep finding it: a trigger or a
            # policy may keep a row from being claimed without an error.
            if self._lanes.has_straggler and len(jobs) < limit:
                jobs += self._claim_apart({**values, "limit": limit - len(jobs)})
        self._lanes.after_claim(jobs, self._passed)
        return jobs

    def look(self, ring: Callable[[list[str]], None] | None = None) -> Sight:
        """Promote due jobs, and recompute where the ready jobs of each lane begin.

        ``ring`` is called with the queues of the promoted jobs.
        """
        sight = self._look()
        if sight.due_in is None or sight.due_in > 0:
            return sight
        if (promoted := self._promoter.promote()) and ring is not None:
            ring(promoted)
        sight = self._look()
        if sight.due_in is not None and sight.due_in <= 0:
            return Sight(ready=True, due_in=_PROMOTE_AGAIN)  # a burst must not end before its end
        return sight

    def _statement(self, limit: int) -> str:
        """Return the statement for a claim: in blocks, so that several workers do not collide."""
        return CLAIM if limit == 1 or self._lanes.has_straggler else CLAIM_IN_BLOCKS

    def _claim(self, statement: str, values: dict[str, Any]) -> list[Job]:
        cursor = self._connection.cursor()
        cursor.execute(statement, values)
        jobs, self._passed = read_claimed(cursor, self._connection.alias, self._on_unreadable)
        return jobs

    def _claim_apart(self, values: dict[str, Any]) -> list[Job]:
        # Without a lane the claim touches no row. If it fails, no row is to blame: a table is
        # missing, or the server has become a standby.
        self._claim(CLAIM, {**values, "queues": [], "priorities": [], "floors": []})
        batch = {**values, "limit": min(values["limit"], APART_AT_ONCE)}
        one = {**values, "limit": 1}
        return self._refusing.take_apart(
            self._ready(batch),
            lambda row: self._claim(_CLAIM_ONE, {**one, "id": row}),
            status=JobStatus.PENDING,
            worker=values["worker"],
        )

    def _ready(self, values: dict[str, Any]) -> list[int]:
        rows = self._connection.cursor().execute(load("apart/ready"), values).fetchall()
        return [row for (row,) in rows]

    def _look(self) -> Sight:
        cursor = self._connection.cursor()
        cursor.execute(
            load("look"), {"queues": list(self._lanes.queues), "stuck": self._refusing.stuck()}
        )
        *lanes, (_, _, _, due_in, paused_queues, paused_classes) = cursor.fetchall()
        self._lanes.after_look(
            {(queue, priority): position for queue, priority, position, *_ in lanes},
            paused_queues=paused_queues,
            paused_classes=paused_classes,
        )
        return Sight(ready=bool(lanes), due_in=due_in)
