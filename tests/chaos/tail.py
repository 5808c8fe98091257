"""Why the longest waits after a death were long: what else was wrong between death and restart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from tests.chaos.faults import Strike, Wounds
from tests.chaos.identities import Identity
from tests.chaos.rescue import Rescue

LONG: Final = 5.0
LOCKS_COUNT_AFTER: Final = 10.0
"""Seconds after a server start in which only the lease tells who is dead."""
_STEP: Final = 0.05
_HEAD: Final = (
    f"{'died at':>8} {'jobs':>4} {'waited':>6} = {'noticed':>7} + {'queued':>6} "
    f"{'nobody':>6} {'lease':>6} {'vain':>4}  meanwhile"
)


def table(found: Sequence[Rescue], people: Sequence[Identity], wounds: Wounds) -> str:
    """Return a line for each death after which a job waited for long; of its jobs the longest."""
    by_death = defaultdict(list)
    for rescue in found:
        if rescue.waited > LONG:
            by_death[rescue.run.pid, rescue.died].append(rescue)
    if not by_death:
        return f"no job waited longer than {LONG:g} s for its restart"
    began = wounds.strikes[0].began
    lines = [
        _line(max(jobs, key=lambda rescue: rescue.waited), len(jobs), people, wounds, began)
        for _, jobs in sorted(by_death.items(), key=lambda item: item[0][1])
    ]
    return "\n".join([_HEAD, *lines])


def _line(
    rescue: Rescue, jobs: int, people: Sequence[Identity], wounds: Wounds, began: float
) -> str:
    nobody = _seconds_with_nobody(rescue.died, rescue.noticed, people, wounds)
    vain = rescue.again.epoch - rescue.run.epoch - 1
    return (
        f"{rescue.died - began:8.1f} {jobs:4} {rescue.waited:6.1f} = "
        f"{rescue.noticed - rescue.died:7.1f} + {rescue.queued:6.1f} "
        f"{nobody:6.1f} {_lease_only(rescue, wounds):6.1f} {vain:4}  {_meanwhile(rescue, wounds)}"
    )


def _seconds_with_nobody(
    since: float, until: float, people: Sequence[Identity], wounds: Wounds
) -> float:
    """How long no worker could notice: each was dead, frozen, cut off or still starting."""
    died = {death.pid: death.at for death in wounds.deaths}

    def is_able(who: Identity, at: float) -> bool:
        return who.began <= at < min(who.ended, died.get(who.pid, at + 1)) and not any(
            who.pid in s.silenced and s.began <= at < s.ended for s in wounds.strikes
        )

    steps = int((until - since) / _STEP)
    return _STEP * sum(
        not any(is_able(who, since + step * _STEP) for who in people) for step in range(steps)
    )


def _lease_only(rescue: Rescue, wounds: Wounds) -> float:
    """For how much of the time until it was noticed no session lock could tell of the death."""
    spans = [(restart, restart + LOCKS_COUNT_AFTER) for restart in wounds.restarts]
    spans += [
        (strike.began, strike.ended)
        for strike in wounds.strikes
        if rescue.run.pid in strike.silenced
    ]
    overlaps = [min(rescue.noticed, end) - max(rescue.died, begin) for begin, end in spans]
    return max([*overlaps, 0.0])


def _meanwhile(rescue: Rescue, wounds: Wounds) -> str:
    near = [
        strike
        for strike in wounds.strikes
        if strike.began < rescue.again.began and rescue.died <= _felt_until(strike)
    ]
    return ", ".join(f"{strike.fault} {_when(strike, rescue)}" for strike in near)


def _felt_until(strike: Strike) -> float:
    return strike.ended + (LOCKS_COUNT_AFTER if strike.fault == "RestartPostgres" else 0.0)


def _when(strike: Strike, rescue: Rescue) -> str:
    began = f"{strike.began - rescue.died:+.1f}"
    return (
        began if strike.ended - strike.began < 1 else f"{began}..{strike.ended - rescue.died:+.1f}"
    )
