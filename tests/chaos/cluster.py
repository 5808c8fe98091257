"""The targets of the storm: a PostgreSQL, two supervisors with two worker processes each, and
perhaps a pooler between them."""

from __future__ import annotations

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

from example_project.postgres import PORT, EmbeddedPostgres
from tests.chaos.journal import DIRECTORY
from tests.chaos.network import Namespace
from tests.chaos.terms import Terms
from tests.support.by_address import url_by_address
from tests.support.environment import ROOT, environment_of, with_settings
from tests.support.eventually import eventually
from tests.support.pgbouncer import PgBouncer
from tests.support.processes import die_with_parent
from tests.support.sql import ask

CHILDREN: Final = 2
SERVER: Final = {"fsync": "on", "synchronous_commit": "on", "max_connections": "300"}
ADMIN: Final = "chaos driver"
# A connection for each slot, and some for the engine; connections that were cut off linger on.
POOLER: Final = {"default_pool_size": 150, "max_client_conn": 1000}
# No statement of the driver waits for a row that a frozen worker holds.
PATIENCE: Final = {"lock_timeout": "5s", "statement_timeout": "60s"}


@dataclass(frozen=True, kw_only=True)
class Death:
    pid: int
    at: float


class Group:
    """One supervisor and its children."""

    def __init__(
        self, environment: dict[str, str], log: Path, *, slots: int, prefix: list[str]
    ) -> None:
        self._environment = environment
        self._slots = slots
        self._log = log
        self._prefix = prefix
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        numbers = ["--processes", str(CHILDREN), "--concurrency", str(self._slots)]
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
        """Kill the supervisor, with which its children die, and start another supervisor."""
        assert self._process is not None
        now = time.monotonic()
        deaths = [Death(pid=pid, at=now) for pid in self.children]
        self._process.kill()
        self._process.wait()
        self.start()
        return deaths

    def end(self, timeout: float) -> int:
        """Stop the group as an operator would, by force after `timeout` seconds; return the exit
        code."""
        if self._process is None:
            return 0
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout)
        self._process.kill()
        return self._process.wait()


class Cluster:
    def __init__(self, directory: Path, terms: Terms, *, with_network: bool) -> None:
        self.terms = terms
        self.journal = directory / "journal"
        self.journal.mkdir(parents=True)
        self._directory = directory
        self.namespace = Namespace()
        self.why_no_network = self.namespace.build() if with_network else "not wanted"
        listens = not (self.why_no_network or terms.is_pooled)
        address = {"listen_addresses": self.namespace.here} if listens else {}
        self.postgres = EmbeddedPostgres(directory / "postgres", settings=SERVER | address)
        self._pooler: PgBouncer | None = None
        self.groups: list[Group] = []

    def start(self) -> None:
        self.postgres.start()
        near, far = self._pool() if self.terms.is_pooled else self._let_in()
        way, prefix = (near, []) if self.why_no_network else (far, self.namespace.prefix)
        self.groups = [self._group(1, near, []), self._group(2, way, prefix)]

    def _group(self, number: int, url: str, prefix: list[str]) -> Group:
        log = self._directory / f"workers-{number}.log"
        return Group(self.environment(url), log, slots=self.terms.slots, prefix=prefix)

    def _pool(self) -> tuple[str, str]:
        """Start the pooler; return the URLs through it, from here and from inside the namespace."""
        server = {"host": self.postgres.socket_dir, "port": PORT, "user": "postgres"}
        patience = "; ".join(f"SET {name} = '{value}'" for name, value in PATIENCE.items())
        driver = {**server, "dbname": "postgres", "connect_query": patience}
        self._pooler = PgBouncer(
            {"postgres": server, "driver": driver},
            address=self.namespace.here,
            settings=POOLER,
        )
        self._pooler.start()
        return self._pooler.url("postgres"), self._pooler.url_by_address("postgres")

    def _let_in(self) -> tuple[str, str]:
        """Return the URLs of the server, from here and from inside the namespace."""
        near = self.postgres.url
        far = near if self.why_no_network else url_by_address(self.postgres, self.namespace.here)
        return near, far

    def drivers_environment(self) -> dict[str, str]:
        if self._pooler is not None:
            return self.environment(self._pooler.url("driver"))
        options = " ".join(f"-c {name}={value}" for name, value in PATIENCE.items())
        return {**self.environment(self.postgres.url), "PGOPTIONS": options}

    def environment(self, url: str) -> dict[str, str]:
        settings = "tests.settings.pooled" if self.terms.is_pooled else "tests.settings"
        return {
            **with_settings(environment_of(url, settings=settings), **self.terms.settings),
            "DIRECT_URL": self.postgres.url,
            "EXTRA_APPS": "tests.chaos",
            DIRECTORY: str(self.journal),
        }

    def ask(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Ask as an administrator, on a connection that no fault strikes."""
        return ask(self.postgres.url, query, *parameters, application_name=ADMIN)

    def end(self) -> list[int]:
        """Stop the groups, and return their exit codes."""
        # A supervisor that the storm has just started still imports, and would die of the signal.
        with suppress(AssertionError):  # its exit code tells
            eventually(self._works, timeout=45)
        return [group.end(timeout=45) for group in self.groups]

    def _works(self) -> bool:
        working = {
            pid for (pid,) in self.ask("SELECT pid FROM pgjobs_worker WHERE stopped IS NULL")
        }
        return all(len(working.intersection(group.children)) == CHILDREN for group in self.groups)

    def remove(self) -> None:
        """End all processes by force."""
        for group in self.groups:
            group.end(timeout=0)
        if self._pooler is not None:
            self._pooler.stop()
        self.postgres.stop()
        self.namespace.remove()
