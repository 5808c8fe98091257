"""The workers with the jobs that each runs, as far as the user may see the jobs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from pgjobs.models import Job
from pgjobs.pages.sight import Sight
from pgjobs.rows.columns import WIDE
from pgjobs.stats import WorkerRow

MOST: Final = 2000
"""Running jobs that are read."""
NAMED: Final = 3
"""Running jobs of a worker that its line names."""

STATES: Final[dict[str, tuple[str, str | Promise]]] = {
    "alive": ("green", _("Alive")),
    "draining": ("yellow", _("Draining")),
    "restarting": ("yellow", _("Restarting")),
    "silent": ("yellow", _("Silent")),
    "dead": ("red", _("Dead")),
    "stopped": ("gray", _("Stopped")),
}


@dataclass(frozen=True, slots=True)
class WorkerState:
    """A worker and its running jobs, the longest running one first."""

    row: WorkerRow
    jobs: Sequence[Job]
    running: int
    """The jobs that the worker has claimed, of those that the user may see."""

    @property
    def named(self) -> Sequence[Job]:
        return self.jobs[:NAMED]

    @property
    def unnamed(self) -> int:
        return max(0, self.running - NAMED)

    @property
    def queues(self) -> list[str]:
        return [str(each) for each in self.row.queues]  # SQL by hand can write anything there

    @property
    def tone(self) -> str:
        return "yellow" if self.is_ordered else STATES[self.row.state][0]

    @property
    def label(self) -> str:
        if self.row.ordered == "drain" and self.is_ordered:
            return str(_("Ordered to drain"))
        if self.row.ordered == "restart" and self.is_ordered:
            return str(_("Ordered to restart"))
        return str(STATES[self.row.state][1])

    @property
    def is_ordered(self) -> bool:
        """Whether an order waits for the next heartbeat."""
        return self.row.state == "alive" and bool(self.row.ordered)

    @property
    def can_be_ordered(self) -> bool:
        return self.row.alive and self.row.state == "alive"


def states(sight: Sight, workers: Iterable[WorkerRow]) -> list[WorkerState]:
    """Return the ``workers`` with their jobs."""
    rows = {each.id: each for each in workers}  # a shared lock gives a worker several rows
    running = sight.jobs.filter(status="running", worker__in=list(rows)).defer(*WIDE)
    jobs: defaultdict[int, list[Job]] = defaultdict(list)
    for job in running.order_by("started", "pk")[:MOST] if rows else ():
        jobs[job.worker_id or 0].append(job)
    return [
        WorkerState(row, jobs[key], row.running if sight.is_whole else len(jobs[key]))
        for key, row in rows.items()
    ]
