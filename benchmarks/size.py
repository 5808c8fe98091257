"""How much of everything a run measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Size:
    """How much of everything."""

    jobs: int
    peer_jobs: int
    rounds: int
    pairs: int
    backlog: int
    future: int
    history: int
    churn: int
    samples: int
    waiting: int
    many_workers: int
    idle_seconds: int
    clients_seconds: int
    processes: tuple[int, ...]
    gated: tuple[int, int]
    held_processes: int
    paged: tuple[int, ...]


FULL: Final = Size(
    jobs=200_000,
    peer_jobs=200_000,
    rounds=3,
    pairs=5,
    backlog=1_000_000,
    future=1_000_000,
    history=5_000_000,
    churn=10_000_000,
    samples=500,
    waiting=100_000,
    many_workers=50,
    idle_seconds=20,
    clients_seconds=10,
    processes=(1, 2, 4, 8, 16),
    gated=(60_000, 300_000),
    held_processes=8,
    paged=(1_000_000, 5_000_000),
)
QUICK: Final = Size(
    jobs=40_000,
    peer_jobs=40_000,
    rounds=1,
    pairs=3,
    backlog=100_000,
    future=100_000,
    history=300_000,
    churn=200_000,
    samples=100,
    waiting=40_000,
    many_workers=5,
    idle_seconds=20,
    clients_seconds=10,
    processes=(1, 2, 4, 8, 16),
    gated=(24_000, 48_000),
    held_processes=8,
    paged=(300_000,),
)
# Shows that each case runs; its figures mean nothing.
TINY: Final = Size(
    jobs=1_000,
    peer_jobs=100,
    rounds=1,
    pairs=1,
    backlog=2_000,
    future=1_000,
    history=1_000,
    churn=1_000,
    samples=10,
    waiting=20_000,
    many_workers=2,
    idle_seconds=1,
    clients_seconds=1,
    processes=(2,),
    gated=(400, 800),
    held_processes=2,
    paged=(1_000,),
)
