"""A peer on Redis: one is started for it alone, over a temporary directory and a unix socket."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.peers.peer import Opened
from benchmarks.peers.process import DrainError

if TYPE_CHECKING:
    import redis

_START_DEADLINE: Final = 10.0
# Nothing is written to disk, which is the fastest that Redis can be. Redis asks for no password, so
# its socket belongs to this user alone.
_OPTIONS: Final = ("--port", "0", "--unixsocketperm", "700", "--save", "", "--appendonly", "no")


@dataclass(frozen=True)
class Redis:
    left: tuple[str, ...]
    """The keys that hold jobs waiting or running, and are gone when there are none."""
    broker: Final = "redis"

    def missing(self) -> str | None:
        return None if shutil.which("redis-server") else "redis-server is not on PATH"

    @contextmanager
    def opened(self, name: str, server_url: str, scratch: Path) -> Iterator[Opened]:
        import redis  # Of the extra `bench`: asked for only once the peer is known to be there.

        socket = scratch / "redis.sock"
        command = ["redis-server", *_OPTIONS, "--dir", str(scratch), "--unixsocket", str(socket)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)
        try:
            _await(server, socket)
            with redis.Redis(unix_socket_path=str(socket)) as client:
                yield Keys(client, self.left, scratch / "runs", f"unix://{socket}")
        finally:
            server.terminate()
            server.wait()


@dataclass(frozen=True)
class Keys:
    client: redis.Redis
    left: tuple[str, ...]
    runs: Path
    url: str

    @property
    def environment(self) -> dict[str, str]:
        return {"PEER_URL": self.url, "BENCHMARK_RUNS": str(self.runs)}

    def is_drained(self) -> bool:
        return not self.client.exists(*self.left)

    def done(self, jobs: int) -> int:
        return self.runs.stat().st_size


def _await(server: subprocess.Popen[bytes], socket: Path) -> None:
    until = time.monotonic() + _START_DEADLINE
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > until:
            raise DrainError(f"redis-server did not start (status {server.poll()}).")
        time.sleep(0.02)
