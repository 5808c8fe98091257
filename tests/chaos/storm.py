"""The order of the faults: in rounds that hold each kind, shuffled by the seed."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

from tests.chaos.cluster import Cluster
from tests.chaos.faults import KINDS, CutNetwork, Fault, Strike, Wounds

_PAUSE = (1.0, 3.0)


class Storm:
    def __init__(self, cluster: Cluster, chance: random.Random, log: Path) -> None:
        self._log = log
        self.wounds = Wounds()
        self.struck: Counter[str] = Counter()
        self._chance = chance
        self._kinds = [
            kind(cluster, chance, self.wounds)
            for kind in KINDS
            if kind is not CutNetwork or not cluster.why_no_network
        ]
        self._round: list[Fault] = []
        self._lasting: Fault | None = None
        self._heal_at = 0.0
        self._strike_at = time.monotonic() + 1.0

    def turn(self) -> None:
        now = time.monotonic()
        if self._lasting is not None and now >= self._heal_at:
            self.calm()
        if now >= self._strike_at:
            self._strike(self._next())
            self._strike_at = time.monotonic() + self._chance.uniform(*_PAUSE)

    def calm(self) -> None:
        """Heal the lasting fault, if there is one."""
        if self._lasting is not None:
            self._lasting.heal()
            self._lasting_strike.ended = time.monotonic()
            self._note(f"{self._lasting_strike.fault} healed")
            self._lasting = None

    def _next(self) -> Fault:
        if not self._round:
            self._round = [fault for fault in self._kinds for _ in range(fault.weight)]
            self._chance.shuffle(self._round)
        for fault in self._round:
            if not (fault.lasts and self._lasting):
                self._round.remove(fault)
                return fault
        self._round = []
        return self._next()

    def _strike(self, fault: Fault) -> None:
        name = type(fault).__name__
        self.struck[name] += 1
        self._note(name)
        began = time.monotonic()
        fault.strike()
        now = time.monotonic()
        strike = Strike(fault=name, began=began, ended=now, silenced=fault.silenced)
        self.wounds.strikes.append(strike)
        if fault.lasts:
            self._lasting, self._heal_at = fault, now + fault.duration()
            self._lasting_strike = strike

    def _note(self, what: str) -> None:
        # By both clocks: the journal's, and the clock of the other logs.
        with self._log.open("a") as log:
            log.write(f"{time.monotonic():.3f} {time.strftime('%H:%M:%S', time.gmtime())} {what}\n")
