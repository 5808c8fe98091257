"""A real primary with a real streaming standby, and a failover from the primary to the standby."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from example_project.postgres import EmbeddedPostgres, binaries
from pgjobs import events
from tests.support.as_server_user import command_of
from tests.support.environment import Environment, environment_of
from tests.support.eventually import eventually
from tests.support.prepared_cluster import copy_prepared_cluster
from tests.support.processes import children_of
from tests.support.requirements import skip_or_fail
from tests.support.sql import ask
from tests.support.worker_process import SupervisedWorker

# Unlike the throwaway servers of other tests, these servers wait for commits and send their WAL.
_DURABLE: Final = {"fsync": "off", "synchronous_commit": "on", "wal_level": "replica"}


class Servers:
    """``primary`` takes writes; ``standby`` follows it until it is promoted."""

    def __init__(self) -> None:
        self._primary = Path(tempfile.mkdtemp(prefix="pgjobs-primary-", dir="/tmp"))
        self._directory = Path(tempfile.mkdtemp(prefix="pgjobs-standby-", dir="/tmp"))
        self.primary = EmbeddedPostgres(self._primary, settings=_DURABLE)
        self.standby = EmbeddedPostgres(self._directory, settings=_DURABLE)

    def start(self) -> None:
        copy_prepared_cluster(self._primary)
        self.primary.start()
        self._copy_primary()
        self.standby.start()
        eventually(lambda: ask_server(self.primary, "SELECT 1 FROM pg_stat_replication"))

    def stop(self) -> None:
        self.standby.stop()
        self.primary.stop()
        for directory in (self._primary, self._directory):
            shutil.rmtree(directory)

    def environment(self, *, alone: bool = False) -> Environment:
        """The environment of a process that knows both servers, or the primary ``alone``."""
        servers = [self.primary] if alone else [self.primary, self.standby]
        return {
            **environment_of(self.primary.url, settings="tests.settings.failover"),
            "SERVERS": ",".join(str(server.socket_dir) for server in servers),
        }

    def until_the_standby_has_all(self) -> None:
        # A claim does not wait for the disk, and only flushed WAL is sent: this flushes both.
        ask_server(self.primary, "SELECT pg_logical_emit_message(true, 'test', '')")
        (position,) = ask_server(self.primary, "SELECT pg_current_wal_lsn() AS lsn")
        eventually(
            lambda: ask_server(
                self.standby,
                "SELECT 1 FROM pg_last_wal_replay_lsn() AS at WHERE at >= %s",
                *position,
            )
        )

    def cut_the_standby_off(self) -> None:
        """Stop replication: later commits are lost with the primary."""
        ask_server(self.standby, "ALTER SYSTEM SET primary_conninfo = ''")
        ask_server(self.standby, "SELECT pg_reload_conf()")
        eventually(lambda: not ask_server(self.standby, "SELECT 1 FROM pg_stat_wal_receiver"))

    def kill_the_primary(self) -> None:
        os.kill(self.primary.pid, signal.SIGKILL)
        self.primary.stop()

    def promote_the_standby(self) -> None:
        (promoted,) = ask_server(self.standby, "SELECT pg_promote()")
        assert promoted == (True,)

    def _copy_primary(self) -> None:
        program = binaries() / "pg_basebackup"
        if not program.exists():
            skip_or_fail(f"there is no {program}")
        directory = str(self._directory)
        command = [str(program), "-h", str(self.primary.socket_dir), "-U", "postgres"]
        command += ["-D", f"{directory}/cluster", "--write-recovery-conf", "--checkpoint=fast"]
        command = command_of(directory, str(binaries()), *command, "--no-sync")
        subprocess.run(command, check=True)


class WorkerOfTwo(SupervisedWorker):
    """A worker that is known by its own events: this process has no connection to its database."""

    def _registered(self) -> int:
        self.until_told(events.WorkerStarted)
        (child,) = children_of(self.process.pid)
        return child


def ask_server(server: EmbeddedPostgres, sql: str, *params: Any) -> list[tuple[Any, ...]]:
    """Ask ``server`` itself, whether or not it takes writes."""
    return ask(server.url, sql, *params)
