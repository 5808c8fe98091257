"""Taking jobs: strict order across lanes, in batches, from remembered floors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pgjobs.models import Job
from pgjobs.rows.columns import CLAIMED, SET_BY_CLAIM
from pgjobs.rows.statements import promote
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection

_CLAIMED: Final = {**dict.fromkeys(CLAIMED), **SET_BY_CLAIM}
CLAIM: Final = load("claim")
_POSITION: Final = CLAIMED.index("position")

_PROMOTE_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Sight:
    """What a look at the queues found."""

    ready: bool
    due_in: float | None
    """Seconds until the next scheduled job, of any queue; None without one."""


class Claimer:
    """Claims for one worker and remembers where each lane's ready jobs begin.

    A lane is a queue and a priority. Its floor is a hint and never truth: jobs
    below it appear when a transaction commits late. ``look()`` recomputes floors,
    which bounds their wait by the time between two looks.
    """

    def __init__(self, connection: EngineConnection, queues: tuple[str, ...]) -> None:
        self._connection = connection
        self._queues = queues
        self._paused_queues: set[str] = set()
        self._paused_classes: list[str] = []
        # Every queue's ordinary lane is always tried, so a first job there is found without a look.
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
        # RETURNING has no order of its own.
        rows = sorted(cursor.fetchall(), key=lambda row: (row[0], row[_POSITION + 1]))
        jobs = [self._job(row[1:]) for row in rows]
        for job in jobs:
            self._floors[job.queue_name, job.priority] = job.position + 1
        return jobs

    def look(self, ring: Callable[[list[str]], None] | None = None) -> Sight:
        """Recompute the floors, after promoting scheduled jobs that are due.

        ``ring`` is called with the queues of promoted jobs.
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
        *lanes, (_, _, _, due_in, paused_queues, self._paused_classes) = cursor.fetchall()
        self._paused_queues = set(paused_queues)
        for queue, priority, position, *_ in lanes:
            self._floors[queue, priority] = position
        return Sight(ready=bool(lanes), due_in=due_in)

    def _lanes(self) -> list[tuple[str, int]]:
        rank = {queue: index for index, queue in enumerate(self._queues)}
        lanes = (lane for lane in self._floors if lane[0] not in self._paused_queues)
        return sorted(lanes, key=lambda lane: (rank[lane[0]], -lane[1]))

    def _job(self, row: tuple[object, ...]) -> Job:
        values = _CLAIMED.copy()
        values.update(zip(CLAIMED, row, strict=True))
        if values["args"] is None:
            values["args"] = []
        if values["kwargs"] is None:
            values["kwargs"] = {}
        return Job.from_claim(values, self._connection.alias)
