"""Claims ready jobs in batches, in the strict order of the worker's queues and of priority."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pgjobs.models import Job
from pgjobs.rows import columns
from pgjobs.rows.statements import promote
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection

CLAIM: Final = load("claim")
_POSITION: Final = 1 + columns.CLAIMED.index("position")  # column 0 is the rank of the lane
_BLANK_JOB: Final = {**dict.fromkeys(columns.CLAIMED), **columns.SET_BY_CLAIM}
_PROMOTE_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Sight:
    """The result of a look at the queues."""

    ready: bool
    due_in: float | None
    """Seconds until the next scheduled job of any queue is due; None if no job is scheduled."""


class Claimer:
    """Claims for one worker, and remembers the floor of each lane: where its ready jobs begin.

    A lane is the jobs of one queue that have the same priority. A claim searches it from its floor
    on. The floor is only a hint: a transaction that commits late can add a job below it. ``look()``
    recomputes the floors, so such a job waits no longer than the time between two looks.
    """

    def __init__(self, connection: EngineConnection, queues: tuple[str, ...]) -> None:
        self._connection = connection
        self._queues = queues
        self._paused_queues: set[str] = set()
        self._paused_classes: list[str] = []
        # The lane of priority 0, the default, is known from the start. So a claim finds the first
        # job of this lane even if no look has seen the lane.
        self._floors: dict[tuple[str, int], int] = {(queue, 0): 0 for queue in queues}

    def claim(self, *, limit: int, worker: int) -> list[Job]:
        """Take up to ``limit`` ready jobs, in the order in which they should start."""
        lanes = self._lanes()
        cursor = self._connection.cursor()
        cursor.execute(
            CLAIM,
            {
                "queues": [queue for queue, _ in lanes],
                "priorities": [priority for _, priority in lanes],
                "floors": [self._floors[lane] for lane in lanes],
                "limit": limit,
                "worker": worker,
                "paused": self._paused_classes,
            },
        )
        # RETURNING promises no order.
        rows = sorted(cursor.fetchall(), key=lambda row: (row[0], row[_POSITION]))
        jobs = [self._job(row[1:]) for row in rows]
        for job in jobs:
            self._floors[job.queue_name, job.priority] = job.position + 1
        return jobs

    def look(self, ring: Callable[[list[str]], None] | None = None) -> Sight:
        """Promote due jobs and recompute the floors.

        ``ring`` is called with the queues of the promoted jobs.
        """
        sight = self._look()
        if sight.due_in is not None and sight.due_in <= 0:
            promoted = promote(self._connection.cursor(), limit=_PROMOTE_AT_ONCE)
            if promoted and ring is not None:
                ring(promoted)
            sight = self._look()
        return sight

    def _look(self) -> Sight:
        cursor = self._connection.cursor()
        cursor.execute(load("look"), {"queues": list(self._queues)})
        *lanes, (_, _, _, due_in, paused_queues, paused_classes) = cursor.fetchall()
        self._paused_queues, self._paused_classes = set(paused_queues), paused_classes
        for queue, priority, position, *_ in lanes:
            self._floors[queue, priority] = position
        return Sight(ready=bool(lanes), due_in=due_in)

    def _lanes(self) -> list[tuple[str, int]]:
        rank = {queue: index for index, queue in enumerate(self._queues)}
        lanes = (lane for lane in self._floors if lane[0] not in self._paused_queues)
        return sorted(lanes, key=lambda lane: (rank[lane[0]], -lane[1]))

    def _job(self, row: tuple[object, ...]) -> Job:
        values = _BLANK_JOB.copy()
        values.update(zip(columns.CLAIMED, row, strict=True))
        if values["args"] is None:
            values["args"] = []
        if values["kwargs"] is None:
            values["kwargs"] = {}
        return Job.from_claim(values, self._connection.alias)
