"""The demo as a real child process, on a database of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg.rows import dict_row

from tests.support.environment import ROOT
from tests.support.sql import ask

MANAGE = ROOT / "example_project" / "manage.py"


@dataclass(frozen=True, kw_only=True)
class Demo:
    """`manage.py demo`, its working directory and its database; without a URL, its own server."""

    directory: Path
    url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        ours = {"DATABASE_URL": self.url} if self.url else {}
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
        return {**inherited, **ours, "PGJOBS_DEMO_DIR": str(self.directory)}

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(MANAGE), *map(str, arguments)],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        with self.start(*arguments) as process:
            out, err = process.communicate(timeout=90)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def manage(self, *arguments: object) -> str:
        """Run another command and return its standard output; its exit code must be 0."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        return ask(self.url, query, *parameters, row_factory=dict_row)

    def processes(self) -> list[int]:
        """Return the living processes of the demo, adopted ones included (Linux only)."""
        mark = f"PGJOBS_DEMO_DIR={self.directory}".encode()
        found = []
        for environ in Path("/proc").glob("[0-9]*/environ"):
            try:
                if mark in environ.read_bytes().split(b"\0"):
                    found.append(int(environ.parent.name))
            except OSError:  # the process has just ended
                continue
        return found
