"""All cases in order, and what they come to."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks import (
    browsing,
    control,
    cost,
    counting,
    draining,
    enqueueing,
    floor,
    isolation,
    latency,
    looking,
    scaling,
    table,
)
from benchmarks.app.jobs import AsyncNothing, Nothing
from benchmarks.peers.peer import Peer
from benchmarks.size import Size

Figures = dict[str, Any]
Case = Callable[[], Figures]
Cases = dict[str, Case]


class Suite:
    """One run: every case on the same server.

    With `strict` a peer that fails ends the run as a case of pgjobs does. Without it the failure is
    noted in place of the peer's figure, because one peer must not cost the figures of half an hour.
    """

    def __init__(self, size: Size, url: str, scratch: Path, *, strict: bool = False) -> None:
        self._size = size
        self._url = url
        self._scratch = scratch
        self._strict = strict
        self._began = scratch / "began"
        self._since = time.monotonic()

    def run(self, peers: Iterable[Peer]) -> Figures:
        """Run every case and peer; return the figures by section."""
        drains, *others = self.cases().items()
        figures = self._in_rounds(*drains, list(peers))
        for section, cases in others:
            figures[section] = self._each(section, cases)
        return figures

    def cases(self) -> dict[str, Cases]:
        """Return every case of pgjobs by section and name; the drains, which have rounds, first."""
        return {
            "drain": self._drains(),
            "enqueue": self._enqueueing(),
            "latency": self._latency(),
            "slots": self._slots(),
            "beside": self._beside(),
            "cost": self._cost(),
            "scaling": self._scaling(),
            "isolation": self._isolation(),
            "statistics": self._statistics(),
            "pages": self._pages(),
        }

    def _in_rounds(self, section: str, cases: Cases, peers: Sequence[Peer]) -> Figures:
        """Run each case and peer once a round, so that all see the same weather; take medians."""
        rounds = [
            (self._each(section, cases), self._peers(peers)) for _ in range(self._size.rounds)
        ]
        ours, theirs = zip(*rounds, strict=True)
        each = {name: [drains[name] for drains in ours] for name in ours[0]}
        return {
            section: {name: median(rates) for name, rates in each.items()},
            "rounds": each,
            "peers": {name: _of_rounds([found[name] for found in theirs]) for name in theirs[0]},
        }

    def _each(self, section: str, cases: Cases) -> Figures:
        figures: Figures = {}
        for name, act in cases.items():
            figures |= self._told(f"{section}: {name}", act)
        return figures

    def _peers(self, peers: Sequence[Peer]) -> Figures:
        figures: Figures = {}
        for peer in peers:
            figures |= self._told(f"peer: {peer.name}", partial(self._peer, peer))
        return figures

    def _peer(self, peer: Peer) -> Figures:
        about = {"broker": peer.broker, "language": peer.language, "settings": peer.settings}
        if (reason := peer.missing()) is not None:
            return {peer.name: {**about, "missing": reason}}
        try:
            per_second = peer.drain(peer.jobs(self._size.peer_jobs), self._url, self._scratch)
        except Exception as error:
            if self._strict:
                raise
            return {peer.name: {**about, "missing": f"{type(error).__name__}: {error}"}}
        return {peer.name: {**about, "per_second": per_second}}

    def _drains(self) -> Cases:
        jobs = self._size.jobs
        return _named(
            {
                "floor": lambda: floor.in_turn(jobs),
                "floor, two clients": lambda: floor.side_by_side(jobs),
                "one process": lambda: self._drain(Nothing),
                "two processes": lambda: self._drain(Nothing, processes=2),
                "one process, snapshot held": self._drain_beside_snapshot,
                "one process, coroutines": lambda: self._drain(AsyncNothing, jobs // 4),
            }
        )

    def _enqueueing(self) -> Cases:
        size = self._size
        return {
            "bulk": lambda: dict(zip(("bulk", "copy"), enqueueing.bulk(size.jobs), strict=True)),
            "single": lambda: dict(
                zip(("single", "create"), enqueueing.single(size.jobs // 40), strict=True)
            ),
            **_named({"from 32 clients": lambda: enqueueing.concurrent(size.clients_seconds)}),
        }

    def _latency(self) -> Cases:
        size = self._size
        return _named(
            {
                "idle": lambda: latency.idle(size.samples),
                "under load": lambda: latency.under_load(size.samples),
                "behind low ones": lambda: latency.behind(size.waiting, size.samples // 5),
            }
        )

    def _slots(self) -> Cases:
        """Jobs of a known length: which part of the slots' time they fill."""
        lengths = ((1, self._size.jobs // 20), (100, self._size.jobs // 500))
        return _named(
            {
                f"{milliseconds} ms": partial(
                    draining.busy_slots, count, milliseconds / 1000, self._began
                )
                for milliseconds, count in lengths
            }
        )

    def _beside(self) -> Cases:
        """The same drain with many rows around that are none of its business."""
        cases = {
            "finished": (table.fill_with_finished, self._size.history),
            "scheduled": (table.fill_with_scheduled, self._size.future),
        }
        return _named(
            {
                name: partial(self._drain_beside, fill, count)
                for name, (fill, count) in cases.items()
            }
        )

    def _cost(self) -> Cases:
        size = self._size
        return {
            "backlog": self._backlog,
            **_named({"churn": lambda: cost.churn(size.churn), "idle": self._idle}),
        }

    def _scaling(self) -> Cases:
        """The same drains by more and more processes, each beside the control."""
        return _named({str(count): partial(self._scaled, count) for count in self._size.processes})

    def _isolation(self) -> Cases:
        jobs, began = self._size.jobs, self._began
        computing = partial(isolation.computed, jobs // 100, began)
        return _named(
            {
                "process": partial(isolation.drained, jobs // 10, began, "process"),
                "fresh_process": partial(isolation.drained, jobs // 100, began, "fresh_process"),
                "computing, one thread": partial(computing, "thread", 1),
                "computing, threads": partial(computing, "thread", isolation.CORES),
                "computing, processes": partial(computing, "process", isolation.CORES),
            }
        )

    def _statistics(self) -> Cases:
        """The price of counting the ends of jobs, and the time to read what was counted."""
        size = self._size
        return _named(
            {
                "drains": lambda: counting.pairs(size.jobs, self._began, size.pairs),
                "looks": lambda: looking.milliseconds(size.history),
            }
        )

    def _pages(self) -> Cases:
        """The time of each page, beside so many jobs."""
        return _named(
            {str(jobs): partial(browsing.milliseconds, jobs) for jobs in self._size.paged}
        )

    def _scaled(self, processes: int) -> Figures:
        size = self._size
        held_in = self._url if processes == size.held_processes else None
        return {
            **scaling.drains(processes, *size.gated, held_in),
            "control": control.drain(processes, size.gated[0]),
        }

    def _drain(self, job: Any, jobs: int | None = None, **options: Any) -> float:
        return draining.drain(jobs or self._size.jobs, self._began, job, **options).per_second

    def _drain_beside_snapshot(self) -> float:
        with draining.held_snapshot(self._url):
            return self._drain(Nothing)

    def _drain_beside(self, fill: Callable[[int], None], count: int) -> Figures:
        fill(count)
        return {
            "rows": count,
            "one process": self._drain(Nothing, on_top=True),
            "claim_ms": draining.claim_milliseconds(),
        }

    def _backlog(self) -> Figures:
        rows = self._size.backlog
        backlog = cost.backlog(rows, self._began)
        return {
            "backlog": {"rows": rows, "one process": backlog.drain.per_second},
            "megabytes": [backlog.megabytes_early, backlog.megabytes_late],
        }

    def _idle(self) -> Figures:
        seconds, many = self._size.idle_seconds, self._size.many_workers
        found = {str(count): asdict(cost.idle(count, seconds)) for count in (1, many)}
        preloaded = cost.idle(many, seconds, preload=True)
        megabytes_each = preloaded.megabytes / many
        return {**found, "preloaded": {**asdict(preloaded), "megabytes_each": megabytes_each}}

    def _told(self, name: str, act: Case) -> Figures:
        """Run one case and say how far the run has come."""
        try:
            figures = act()
        except Exception as error:
            error.add_note(f"This happened in the case {name!r} of the benchmark.")
            raise
        at = time.monotonic() - self._since
        print(f"{at:6.0f} s  {name}: {_short(figures)}", file=sys.stderr, flush=True)
        return figures


def _named(cases: Mapping[str, Callable[[], Any]]) -> Cases:
    """Return ``cases`` so that each one's figure has the name of the case."""
    return {name: partial(_under, name, act) for name, act in cases.items()}


def _under(name: str, act: Callable[[], Any]) -> Figures:
    figure = act()
    return {name: asdict(figure) if isinstance(figure, latency.Latency | cost.Churn) else figure}


def _of_rounds(found: Sequence[Figures]) -> Figures:
    """What a peer did in its median round, or else why it did nothing."""
    drained = [figures for figures in found if "per_second" in figures]
    if not drained:
        return found[-1]
    rates = [figures["per_second"] for figures in drained]
    return {**drained[0], "per_second": median(rates), "rounds": rates}


def _short(figures: Figures) -> str:
    if len(figures) == 1:
        return _shown(*figures.values())
    return ", ".join(f"{name} {_shown(figure)}" for name, figure in figures.items())


def _shown(figure: Any) -> str:
    match figure:
        case {"missing": reason}:
            return f"left out, {reason}"
        case {"large backlog": {"per_second": float(rate)}}:
            return f"{rate:,.6g}"
        case {"per_second": float(rate)} | float(rate):
            return f"{rate:,.6g}"
    return str(figure)
