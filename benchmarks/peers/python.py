"""A peer in Python: a module of `benchmarks.peers.apps` has its job and its bulk call."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from benchmarks.peers.process import DrainError

_ENQUEUE_DEADLINE: Final = 300


@dataclass(frozen=True)
class Python:
    app: str
    """The module's name in `benchmarks.peers.apps`."""
    distributions: tuple[str, ...]
    command: str
    """The worker's, after the name of the interpreter, with `{PEER_URL}` where it wants that."""
    since: tuple[int, int] = (3, 11)
    environment: dict[str, str] = field(default_factory=dict)
    language: Final = "Python"

    def missing(self) -> str | None:
        if sys.version_info < self.since:
            return f"needs Python {self.since[0]}.{self.since[1]}"
        for distribution in self.distributions:
            try:
                version(distribution)
            except PackageNotFoundError:
                return f"{distribution} is not installed: pip install 'django-pgjobs[bench]'"
        return None

    def enqueue(self, jobs: int, environment: dict[str, str], scratch: Path) -> None:
        run(
            [sys.executable, "-m", "benchmarks.peers.apps", self.app, str(jobs)],
            environment,
            timeout=_ENQUEUE_DEADLINE,
        )

    def worker(self, environment: dict[str, str], scratch: Path) -> list[str]:
        return [sys.executable, *(part.format(**environment) for part in self.command.split())]


def run(
    command: list[str], environment: dict[str, str], *, timeout: float, cwd: Path | None = None
) -> None:
    """Run a command to its end, and show its output only if it failed."""
    ended = subprocess.run(
        command,
        env={**os.environ, **environment},
        cwd=cwd,
        timeout=timeout,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    if ended.returncode:
        said = ended.stdout.decode(errors="replace")[-1500:].strip()
        raise DrainError(f"`{' '.join(command)}` exited with {ended.returncode}: {said}")
