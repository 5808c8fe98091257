"""A peer in Node: `node/NAME.mjs` enqueues and works, in a directory where npm installed it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.peers.python import run

_SOURCES: Final = Path(__file__).with_name("node")
_INSTALL: Final = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent"]
_DEADLINE: Final = 300


@dataclass(frozen=True)
class Node:
    script: str
    environment: dict[str, str] = field(default_factory=dict)
    language: Final = "Node"

    def missing(self) -> str | None:
        for program in ("node", "npm"):
            if not shutil.which(program):
                return f"{program} is not on PATH"
        return None

    def enqueue(self, jobs: int, environment: dict[str, str], scratch: Path) -> None:
        installed = scratch / "node"  # A script finds its packages beside itself.
        shutil.copytree(_SOURCES, installed)
        run(_INSTALL, environment, timeout=_DEADLINE, cwd=installed)
        command = [*self.worker(environment, scratch), str(jobs)]
        run(command, environment, timeout=_DEADLINE)

    def worker(self, environment: dict[str, str], scratch: Path) -> list[str]:
        return ["node", str(scratch / "node" / self.script)]
