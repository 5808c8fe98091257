"""The lanes that a worker serves, each with its floor, and what is paused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pgjobs.models import Job

Lane = tuple[str, int]
"""A queue and a priority."""

_HIGHEST_POSITION: Final = 2**63 - 1

STRAGGLES_AFTER: Final = 4
"""Looks that find the same job first in its lane, until a claim takes the jobs in their order."""

MOST_EMPTY_LANES: Final = 100
"""Lanes that are remembered although they were empty at the last look. Each claim searches them."""


class Lanes:
    """Remembers the floor of each lane: where its ready jobs begin.

    A lane is the jobs of one queue that have the same priority. A claim searches it from its floor
    on. The floor is only a hint: a transaction that commits late can add a job below it. A look
    recomputes the floors, so such a job waits no longer than the time between two looks.
    """

    def __init__(self, queues: tuple[str, ...]) -> None:
        self.queues = queues
        self._rank = {queue: index for index, queue in enumerate(queues)}
        self._paused_queues: set[str] = set()
        self._paused_classes: list[str] = []
        self._unmoved: dict[tuple[Lane, int], int] = {}
        self.has_straggler = False
        """Several looks found the same job first in its lane, and no claim has followed. The next
        claim should take the jobs in their order, so that such a job waits no longer."""
        # The lane of priority 0, the default, is known from the start. So a claim finds the first
        # job of this lane even if no look has seen the lane.
        self._floors: dict[Lane, int] = {(queue, 0): 0 for queue in queues}

    def to_search(self) -> dict[str, list[Any]]:
        """Return the parameters of a claim: the lanes in their order, and the paused classes."""
        lanes = (lane for lane in self._floors if lane[0] not in self._paused_queues)
        ordered = sorted(lanes, key=lambda lane: (self._rank[lane[0]], -lane[1]))
        return {
            "queues": [queue for queue, _ in ordered],
            "priorities": [priority for _, priority in ordered],
            "floors": [self._floors[lane] for lane in ordered],
            "paused": self._paused_classes,
        }

    def after_claim(self, jobs: Sequence[Job], passed: Mapping[Lane, int]) -> None:
        """Raise the floors above ``jobs``, which come in the order of their lanes.

        In the lanes of ``passed`` the claim has left jobs to others, from this position on.
        """
        if jobs and _lane(jobs[0]) == _lane(jobs[-1]):
            jobs = jobs[-1:]  # the only lane
        for job in jobs:
            self._floors[_lane(job)] = min(job.position + 1, _HIGHEST_POSITION)
        self._floors.update(passed)
        self.has_straggler = False

    def after_look(
        self, seen: dict[Lane, int], *, paused_queues: list[str], paused_classes: list[str]
    ) -> None:
        """Take the floors that a look has ``seen``; forget empty lanes if they are many."""
        self._paused_queues, self._paused_classes = set(paused_queues), paused_classes
        if len(self._floors) - len(seen) > MOST_EMPTY_LANES:
            defaults = {(queue, 0): 0 for queue in self.queues}
            self._floors = {lane: self._floors.get(lane, 0) for lane in defaults}
        self._floors |= seen
        self._unmoved = {first: self._unmoved.get(first, 0) + 1 for first in seen.items()}
        self.has_straggler = max(self._unmoved.values(), default=0) >= STRAGGLES_AFTER


def _lane(job: Job) -> Lane:
    return job.queue_name, job.priority
