"""What the storm strikes: a PostgreSQL and two supervisors with two worker processes each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from example_project.postgres import EmbeddedPostgres
from tests.chaos.journal import DIRECTORY
from tests.chaos.network import Namespace
from tests.mortal import die_with_parent

ROOT: Final = Path(__file__).parent.parent.parent
CHILDREN: Final = 2
SLOTS: Final = 16
LEASE: Final = 5.0
SETTINGS: Final = {
    "HEARTBEAT_TIMEOUT": LEASE,
    "HEARTBEAT_INTERVAL": 1.0,
    # Here it is never the job that kills its worker.
    "MAX_INTERRUPTIONS": 1000,
}
DURABLE: Final = {"fsync": "on", "synchronous_commit": "on"}
ADMIN: Final = "chaos driver"


@dataclass(frozen=True, kw_only=True)
class Death:
    pid: int
    at: float


class Group:
    """One supervisor and its children."""

    def __init__(self, environment: dict[str, str], log: Path, prefix: list[str]) -> None:
        self._environment = environment
        self._log = log
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        numbers = ["--processes", str(CHILDREN), "--concurrency", str(SLOTS)]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._prefix, sys.executable, "-m", "django", "pgjobs_worker", *numbers],
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent,
            )

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def children(self) -> list[int]:
        with suppress(OSError):
            found = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text()
            return [int(pid) for pid in found.split()]
        return []

    def send(self, number: signal.Signals, pids: Iterable[int]) -> None:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def restart_after_kill(self) -> list[Death]:
        """Kill the supervisor, with which its children die, and start another."""
        assert self._process is not None
        now = time.monotonic()
        deaths = [Death(pid=pid, at=now) for pid in self.children]
        self._process.kill()
        self._process.wait()
        self.start()
        return deaths

    def end(self, timeout: float) -> int:
        """Stop as an operator would, and by force where that does not help; return the exit
        code."""
        if self._process is None:
            return 0
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout)
        self._process.kill()
        return self._process.wait()


class Cluster:
    def __init__(self, directory: Path, *, with_network: bool) -> None:
        self.journal = directory / "journal"
        self.journal.mkdir(parents=True)
        self._directory = directory
        self.namespace = Namespace()
        self.why_no_network = self.namespace.build() if with_network else "not wanted"
        listen = {} if self.why_no_network else {"listen_addresses": self.namespace.here}
        self.postgres = EmbeddedPostgres(directory / "postgres", settings=DURABLE | listen)
        self.groups: list[Group] = []

    def start(self) -> None:
        url = self.postgres.start()
        self.groups = [Group(self.environment(url), self._directory / "workers-1.log", [])]
        prefix = []
        if not self.why_no_network:
            self._let_in(self.namespace.inside)
            prefix = self.namespace.prefix
            url = f"postgresql://postgres@{self.namespace.here}:5432/postgres"
        self.groups.append(Group(self.environment(url), self._directory / "workers-2.log", prefix))

    def _let_in(self, address: str) -> None:
        with (self.postgres.data / "cluster" / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {address}/32 trust\n")
        self.ask("SELECT pg_reload_conf()")

    def environment(self, url: str) -> dict[str, str]:
        return {
            **os.environ,
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "EXTRA_APPS": "tests.chaos",
            "PGJOBS": json.dumps(SETTINGS),
            "PYTHONPATH": str(ROOT),
            DIRECTORY: str(self.journal),
        }

    def ask(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask as an administrator, on a connection that no fault strikes."""
        with psycopg.connect(
            self.postgres.url, autocommit=True, application_name=ADMIN
        ) as connection:
            cursor = connection.execute(query.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    def end(self) -> list[int]:
        return [group.end(timeout=45) for group in self.groups]

    def remove(self) -> None:
        """End by force what still lives."""
        for group in self.groups:
            group.end(timeout=0)
        self.postgres.stop()
        self.namespace.remove()
