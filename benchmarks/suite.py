"""All cases in order, and what they come to."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, Final, TypeVar

from benchmarks import cost, draining, enqueueing, floor, latency, table
from benchmarks.app.jobs import AsyncNothing, Nothing
from benchmarks.peers.catalogue import PEERS
from benchmarks.peers.peer import Peer

Figures = dict[str, Any]
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    jobs: int
    rounds: int
    backlog: int
    future: int
    history: int
    churn: int
    samples: int
    waiting: int
    many_workers: int


FULL: Final = Size(
    jobs=200_000,
    rounds=3,
    backlog=1_000_000,
    future=1_000_000,
    history=5_000_000,
    churn=10_000_000,
    samples=500,
    waiting=100_000,
    many_workers=50,
)
QUICK: Final = Size(
    jobs=40_000,
    rounds=1,
    backlog=100_000,
    future=100_000,
    history=300_000,
    churn=200_000,
    samples=100,
    waiting=40_000,
    many_workers=5,
)


class Suite:
    """One run: every case on the same server."""

    def __init__(self, size: Size, url: str, scratch: Path) -> None:
        self._size = size
        self._url = url
        self._scratch = scratch
        self._began = scratch / "began"
        self._since = time.monotonic()

    def run(self, *, with_peers: bool) -> Figures:
        figures: Figures = self._drains(PEERS.values() if with_peers else ())
        figures["enqueue"] = self._enqueueing()
        figures["latency"] = self._latency()
        figures["slots"] = self._slots()
        figures["beside"] = self._beside()
        figures["cost"] = self._cost()
        return figures

    def _drains(self, peers: Iterable[Peer]) -> Figures:
        """In rounds, each case and peer once a round, so that all see the same weather; medians."""
        rounds = [(self._own_drains(), self._peers(peers)) for _ in range(self._size.rounds)]
        ours, theirs = zip(*rounds, strict=True)
        each = {name: [drains[name] for drains in ours] for name in ours[0]}
        return {
            "drain": {name: median(rates) for name, rates in each.items()},
            "rounds": each,
            "peers": {name: _of_rounds([found[name] for found in theirs]) for name in theirs[0]},
        }

    def _own_drains(self) -> dict[str, float]:
        jobs = self._size.jobs
        cases: dict[str, Callable[[], float]] = {
            "floor": lambda: floor.per_second(jobs),
            "one process": lambda: self._drain(Nothing),
            "two processes": lambda: self._drain(Nothing, processes=2),
            "one process, snapshot held": self._drain_beside_snapshot,
            "one process, coroutines": lambda: self._drain(AsyncNothing, jobs // 4),
        }
        return {name: self._told(f"drain: {name}", act) for name, act in cases.items()}

    def _peers(self, peers: Iterable[Peer]) -> dict[str, Figures]:
        return {
            peer.name: self._told(f"peer: {peer.name}", partial(self._peer, peer)) for peer in peers
        }

    def _peer(self, peer: Peer) -> Figures:
        about = {"broker": peer.broker, "language": peer.language, "settings": peer.settings}
        if (reason := peer.missing()) is not None:
            return {**about, "missing": reason}
        try:
            per_second = peer.drain(peer.jobs(self._size.jobs), self._url, self._scratch)
        except Exception as error:  # a peer that fails must not cost the other figures
            return {**about, "missing": f"{type(error).__name__}: {error}"}
        return {**about, "per_second": per_second}

    def _enqueueing(self) -> Figures:
        size = self._size
        bulk, copied = self._told("bulk", lambda: enqueueing.bulk(size.jobs))
        single, created = self._told("single", lambda: enqueueing.single(size.jobs // 40))
        concurrent = self._told("from 32 clients", lambda: enqueueing.concurrent(10))
        return {
            "bulk": bulk,
            "copy": copied,
            "single": single,
            "create": created,
            "from 32 clients": concurrent,
        }

    def _latency(self) -> Figures:
        size = self._size
        cases = {
            "idle": lambda: latency.idle(size.samples),
            "under load": lambda: latency.under_load(size.samples),
            "behind low ones": lambda: latency.behind(size.waiting, size.samples // 5),
        }
        return {name: asdict(self._told(f"latency: {name}", act)) for name, act in cases.items()}

    def _slots(self) -> Figures:
        """Jobs of a known length: which part of the slots' time they fill."""
        return {
            f"{milliseconds} ms": self._told(
                f"jobs of {milliseconds} ms",
                partial(draining.busy_slots, count, milliseconds / 1000, self._began),
            )
            for milliseconds, count in ((1, self._size.jobs // 20), (100, self._size.jobs // 500))
        }

    def _beside(self) -> Figures:
        """The same drain with many rows around that are none of its business."""
        figures: Figures = {}
        cases = {
            "finished": (table.fill_with_finished, self._size.history),
            "scheduled": (table.fill_with_scheduled, self._size.future),
        }
        for name, (fill, count) in cases.items():
            self._told(f"{count} rows {name}", partial(fill, count))
            figures[name] = {
                "rows": count,
                "one process": self._told(
                    f"drain beside {name}", lambda: self._drain(Nothing, on_top=True)
                ),
                "claim_ms": draining.claim_milliseconds(),
            }
        return figures

    def _cost(self) -> Figures:
        size = self._size
        backlog = self._told("backlog", lambda: cost.backlog(size.backlog, self._began))
        churn = self._told("churn", lambda: cost.churn(size.churn))
        return {
            "backlog": {"rows": size.backlog, "one process": backlog.drain.per_second},
            "megabytes": [backlog.megabytes_early, backlog.megabytes_late],
            "churn": asdict(churn),
            "idle": {
                str(count): asdict(self._told(f"{count} idle", partial(cost.idle, count, 20)))
                for count in (1, size.many_workers)
            },
        }

    def _drain(self, job: Any, jobs: int | None = None, **options: Any) -> float:
        return draining.drain(jobs or self._size.jobs, self._began, job, **options).per_second

    def _drain_beside_snapshot(self) -> float:
        with draining.held_snapshot(self._url):
            return self._drain(Nothing)

    def _told(self, name: str, act: Callable[[], Result]) -> Result:
        """Run one case and say how far we are."""
        result = act()
        at = time.monotonic() - self._since
        print(f"{at:6.0f} s  {name}: {_short(result)}", file=sys.stderr, flush=True)
        return result


def _of_rounds(found: Sequence[Figures]) -> Figures:
    """What a peer did in its median round, or else why it did nothing."""
    drained = [figures for figures in found if "per_second" in figures]
    if not drained:
        return found[-1]
    rates = [figures["per_second"] for figures in drained]
    return {**drained[0], "per_second": median(rates), "rounds": rates}


def _short(result: object) -> str:
    return f"{result:,.6g}" if isinstance(result, float) else str(result)
