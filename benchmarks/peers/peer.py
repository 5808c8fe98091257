"""What a peer is, and how each is measured: the same way, whatever it is made of."""

from __future__ import annotations

import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from benchmarks.peers import process

ENOUGH_SECONDS: Final = 10


class Opened(Protocol):
    """A fresh database, or Redis, of one peer."""

    @property
    def environment(self) -> dict[str, str]:
        """How the peer's processes find it."""

    def is_drained(self) -> bool:
        """Whether nothing waits and nothing runs, as the broker itself says."""

    def done(self, jobs: int) -> int:
        """How many of so many jobs are known to have been done."""


class Store(Protocol):
    """Where a peer keeps its jobs, and what must be asked there."""

    @property
    def broker(self) -> str: ...

    def missing(self) -> str | None: ...

    def opened(
        self, name: str, server_url: str, scratch: Path
    ) -> AbstractContextManager[Opened]: ...


class Program(Protocol):
    """The peer's own programs."""

    @property
    def language(self) -> str: ...

    @property
    def environment(self) -> dict[str, str]: ...

    def missing(self) -> str | None: ...

    def enqueue(self, jobs: int, environment: dict[str, str], scratch: Path) -> None:
        """Create what the peer needs in its database, and enqueue by its fastest bulk call."""

    def worker(self, environment: dict[str, str], scratch: Path) -> list[str]:
        """The command of its worker."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    name: str
    settings: str
    """What was set, in one line: the best that the peer's own documentation tells."""
    pace: int
    """Jobs a second that it about does, so that a slow one is given fewer of them."""
    program: Program
    store: Store

    @property
    def broker(self) -> str:
        return self.store.broker

    @property
    def language(self) -> str:
        return self.program.language

    def missing(self) -> str | None:
        """Why it can't be measured here, if so."""
        return self.program.missing() or self.store.missing()

    def jobs(self, of: int) -> int:
        """How many of so many jobs keep it busy for long enough."""
        return min(of, self.pace * ENOUGH_SECONDS)

    def drain(self, jobs: int, server_url: str, scratch: Path) -> float:
        """Return jobs a second, from the first run to nothing left."""
        with tempfile.TemporaryDirectory(prefix="peer-", dir=scratch) as own:
            return self._drain(jobs, server_url, Path(own))

    def _drain(self, jobs: int, server_url: str, scratch: Path) -> float:
        with self.store.opened(self.name, server_url, scratch) as store:
            environment = store.environment | self.program.environment
            self.program.enqueue(jobs, environment, scratch)
            took = process.seconds(
                self.program.worker(environment, scratch),
                is_drained=store.is_drained,
                scratch=scratch,
                environment=environment,
            )
            done = store.done(jobs)
        if done != jobs:
            raise process.DrainError(f"{done} of {jobs} jobs are known to have been done.")
        return jobs / took
