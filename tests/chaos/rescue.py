"""How long the jobs of the killed waited, from the death to the next run."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import Any

from tests.chaos.faults import Wounds
from tests.chaos.journal import Run


@dataclass(frozen=True, kw_only=True)
class Rescue:
    job: int
    died: float
    waited: float


def rescues(runs: list[Run], wounds: Wounds) -> list[Rescue]:
    """Return one for each run that a kill cut off, and that was still its job's newest."""
    by_pid, by_job = defaultdict(list), defaultdict(list)
    for run in runs:
        by_pid[run.pid].append(run)
        by_job[run.job].append(run)
    found = []
    for death in wounds.deaths:
        for run in by_pid[death.pid]:
            if run.ended is None and run.began <= death.at:
                later = [other.began for other in by_job[run.job] if other.began > run.began]
                if later and later[0] > death.at:
                    rescue = Rescue(job=run.job, died=death.at, waited=later[0] - death.at)
                    found.append(rescue)
    return found


def listed(runs: list[Run], wounds: Wounds) -> str:
    """Return a line for each, the longest last."""
    found = sorted(rescues(runs, wounds), key=lambda rescue: rescue.waited)
    return "".join(f"job={r.job} died={r.died:.3f} waited={r.waited:.3f}\n" for r in found)


def figures(runs: list[Run], wounds: Wounds) -> dict[str, Any]:
    """Over all kills, and over those beside which nothing else hindered: with the server up for
    longer than session locks need to count again, and the network whole."""
    everything = rescues(runs, wounds)
    alone = [
        rescue
        for rescue in everything
        if not any(
            began <= rescue.died + rescue.waited and rescue.died <= ended
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
        **_median_and_worst("rescue", [rescue.waited for rescue in everything]),
        **_median_and_worst("rescue_undisturbed", [rescue.waited for rescue in alone]),
        **_median_and_worst("resume_after_restart", resumed),
    }


def _median_and_worst(name: str, seconds: list[float]) -> dict[str, Any]:
    return {
        f"{name}_count": len(seconds),
        f"{name}_median_s": round(median(seconds), 2) if seconds else None,
        f"{name}_worst_s": round(max(seconds), 2) if seconds else None,
    }
