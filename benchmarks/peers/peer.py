"""A peer, and the measurement of its drain, which is the same for all peers."""

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
        """The environment variables by which the peer's processes find it."""

    def is_drained(self) -> bool:
        """Return whether the broker has no job that waits or runs."""

    def done(self, jobs: int) -> int:
        """Return the number of jobs, of so many, that the broker knows to be done."""


class Store(Protocol):
    """The place where a peer keeps its jobs, and the questions to ask there."""

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
        """Create the peer's tables, and enqueue so many jobs by its fastest bulk call."""

    def worker(self, environment: dict[str, str], scratch: Path) -> list[str]:
        """Return the command that starts the peer's worker."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    name: str
    settings: str
    """The settings in one line: the fastest that the peer's own documentation recommends."""
    pace: int
    """About the jobs a second that the peer runs. A slow peer is given fewer jobs."""
    program: Program
    store: Store

    @property
    def broker(self) -> str:
        return self.store.broker

    @property
    def language(self) -> str:
        return self.program.language

    def missing(self) -> str | None:
        """Return the reason why the peer can't be measured here, or None."""
        return self.program.missing() or self.store.missing()

    def jobs(self, of: int) -> int:
        """Return the number of jobs that keep the peer busy for 10 seconds, but at most ``of``."""
        return min(of, self.pace * ENOUGH_SECONDS)

    def drain(self, jobs: int, server_url: str, scratch: Path) -> float:
        """Return the jobs a second, from the first run until no job is left.

        Raises `DrainError` if the worker ends by itself or is too slow, or if jobs are lost.
        """
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
