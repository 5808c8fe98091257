"""The waits of the jobs of killed processes, from the death to the next run."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.chaos.faults import Wounds
from tests.chaos.identities import Identity
from tests.chaos.journal import Run


@dataclass(frozen=True, kw_only=True)
class Rescue:
    """A wait in two parts: until a worker noticed the death, then in the queue for a free slot."""

    run: Run
    again: Run
    died: float
    noticed: float

    @property
    def waited(self) -> float:
        return self.again.began - self.died

    @property
    def queued(self) -> float:
        return self.again.began - self.noticed


def rescues(
    runs: list[Run],
    identities: Sequence[Identity],
    wounds: Wounds,
    taken_away: Collection[tuple[int, int]],
) -> list[Rescue]:
    """Return a rescue for each run that a kill cut off and that was still the newest run of its
    job.

    A job that the operator took away from a dead worker needed no rescue.
    """
    by_pid, by_job = defaultdict(list), defaultdict(list)
    for run in runs:
        by_pid[run.pid].append(run)
        by_job[run.job].append(run)
    ended = {identity.id: identity.ended for identity in identities}
    found = []
    for death in wounds.deaths:
        for run in by_pid[death.pid]:
            if run.ended is None and run.began <= death.at:
                later = [other for other in by_job[run.job] if other.began > run.began]
                if later and later[0].began > death.at and not _is_taken(run, later[0], taken_away):
                    # A worker that was taken for dead and lived on had ended before its death.
                    noticed = max(death.at, min(ended[run.worker], later[0].began))
                    found.append(Rescue(run=run, again=later[0], died=death.at, noticed=noticed))
    return found


def _is_taken(run: Run, again: Run, taken_away: Collection[tuple[int, int]]) -> bool:
    return any((run.job, epoch) in taken_away for epoch in range(run.epoch, again.epoch))


def listed(found: list[Rescue]) -> str:
    """Return a line for each rescue, with the longest wait last."""
    return "".join(
        f"job={r.run.job} died={r.died:.3f} waited={r.waited:.3f} queued={r.queued:.3f}\n"
        for r in sorted(found, key=lambda rescue: rescue.waited)
    )


def figures(runs: list[Run], found: list[Rescue], wounds: Wounds) -> dict[str, Any]:
    """Return the figures over all kills, and over the undisturbed ones: the server had been up long
    enough for session locks to count again, and the network was whole."""
    alone = [
        rescue
        for rescue in found
        if not any(
            began <= rescue.again.began and rescue.died <= ended
            for began, ended in wounds.disturbances
        )
    ]
    begins = [run.began for run in runs]
    resumed = [
        begins[index] - restart
        for restart in wounds.restarts
        if (index := bisect_right(begins, restart)) < len(begins)
    ]
    return {
        **_median_and_worst("rescue", [rescue.waited for rescue in found]),
        **_median_and_worst("rescue_undisturbed", [rescue.waited for rescue in alone]),
        **_median_and_worst("rescue_noticed", [r.noticed - r.died for r in found]),
        **_median_and_worst("rescue_queued", [rescue.queued for rescue in found]),
        **_median_and_worst("resume_after_restart", resumed),
    }


def _median_and_worst(name: str, seconds: list[float]) -> dict[str, Any]:
    return {
        f"{name}_count": len(seconds),
        f"{name}_median_s": round(median(seconds), 2) if seconds else None,
        f"{name}_worst_s": round(max(seconds), 2) if seconds else None,
    }
