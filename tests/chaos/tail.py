"""The reasons of the longest waits after a death: the other faults between death and restart."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pgjobs.worker.liveness.suspicion import HEARING
from tests.chaos.faults import Strike, Wounds
from tests.chaos.identities import Identity
from tests.chaos.rescue import Rescue
from tests.chaos.terms import Terms

_STEP: Final = 0.05
_HEAD: Final = (
    f"{'died at':>8} {'jobs':>4} {'waited':>6} = {'noticed':>7} + {'queued':>6} "
    f"{'nobody':>6} {'lease':>6} {'vain':>4}  meanwhile"
)


@dataclass(frozen=True, kw_only=True)
class Tail:
    people: Sequence[Identity]
    wounds: Wounds
    terms: Terms

    def table(self, found: Sequence[Rescue]) -> str:
        """Return a line for each death after which a job waited for long, for the job that waited
        longest."""
        by_death = defaultdict(list)
        for rescue in found:
            if rescue.waited > self.terms.worst_wait:
                by_death[rescue.run.pid, rescue.died].append(rescue)
        if not by_death:
            return f"no job waited longer than {self.terms.worst_wait:g} s for its restart"
        lines = [
            self._line(max(jobs, key=lambda rescue: rescue.waited), len(jobs))
            for _, jobs in sorted(by_death.items(), key=lambda item: item[0][1])
        ]
        return "\n".join([_HEAD, *lines])

    def _line(self, rescue: Rescue, jobs: int) -> str:
        nobody = self._seconds_with_nobody(rescue.died, rescue.noticed)
        vain = rescue.again.epoch - rescue.run.epoch - 1
        return (
            f"{rescue.died - self.wounds.strikes[0].began:8.1f} {jobs:4} {rescue.waited:6.1f} = "
            f"{rescue.noticed - rescue.died:7.1f} + {rescue.queued:6.1f} "
            f"{nobody:6.1f} {self._lease_only(rescue):6.1f} {vain:4}  {self._meanwhile(rescue)}"
        )

    def _seconds_with_nobody(self, since: float, until: float) -> float:
        """Return for how long no worker could notice. Each worker was dead, frozen, cut off or
        still starting, or, if only silence tells, had not listened for long enough."""
        died = {death.pid: death.at for death in self.wounds.deaths}
        listens = min(HEARING, self.terms.lease / 3) if self.terms.is_pooled else 0.0

        def is_able(who: Identity, at: float) -> bool:
            lives = who.began + listens <= at < min(who.ended, died.get(who.pid, at + 1))
            return lives and not any(
                strike.began <= at < strike.ended + listens
                for strike in self.wounds.strikes
                if who.pid in strike.silenced or (listens and strike.fault == "RestartPostgres")
            )

        steps = int((until - since) / _STEP)
        return _STEP * sum(
            not any(is_able(who, since + step * _STEP) for who in self.people)
            for step in range(steps)
        )

    def _lease_only(self, rescue: Rescue) -> float:
        """Return for how much of the time until it was noticed no session lock could tell of the
        death."""
        if self.terms.is_pooled:
            return rescue.noticed - rescue.died
        spans = [
            (restart, restart + self.terms.locks_count_after) for restart in self.wounds.restarts
        ]
        spans += [
            (strike.began, strike.ended)
            for strike in self.wounds.strikes
            if rescue.run.pid in strike.silenced
        ]
        overlaps = [min(rescue.noticed, end) - max(rescue.died, begin) for begin, end in spans]
        return max([*overlaps, 0.0])

    def _meanwhile(self, rescue: Rescue) -> str:
        near = [
            strike
            for strike in self.wounds.strikes
            if strike.began < rescue.again.began and rescue.died <= self._felt_until(strike)
        ]
        return ", ".join(f"{strike.fault} {_when(strike, rescue)}" for strike in near)

    def _felt_until(self, strike: Strike) -> float:
        is_restart = strike.fault == "RestartPostgres"
        return strike.ended + (self.terms.locks_count_after if is_restart else 0.0)


def _when(strike: Strike, rescue: Rescue) -> str:
    began = f"{strike.began - rescue.died:+.1f}"
    return (
        began if strike.ended - strike.began < 1 else f"{began}..{strike.ended - rescue.died:+.1f}"
    )
