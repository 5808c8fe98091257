"""A real pgbouncer in transaction mode, in front of databases that its user names."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import quote

import psycopg

from example_project.postgres import binaries
from tests.support.as_server_user import command_of
from tests.support.eventually import eventually

PORT: Final = 6432
USER: Final = "pooled"
# Debian installs it in a folder that only root's PATH names.
PROGRAM: Final = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
DOCUMENTED: Final[Mapping[str, Any]] = {
    "pool_mode": "transaction",
    "server_login_retry": 1,
    "tcp_keepidle": 30,
    "tcp_keepintvl": 5,
    "tcp_keepcnt": 3,
}
"""The settings that docs/pgbouncer.md asks for."""
ANY: Final = "*"
"""The name of a database entry by which clients reach any database under its own name."""


class PgBouncer:
    """Listens on a unix socket of its own. It is a child of this process and ends with it.

    It stays up while the server behind it stops and starts. It logs in there as a superuser, so
    its clients need a password, which is random.
    """

    def __init__(
        self,
        databases: Mapping[str, Mapping[str, Any]],
        *,
        address: str = "",
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """``databases`` maps each name to connection parameters; ``address`` is a further address
        to listen on."""
        assert PROGRAM is not None, "pgbouncer is not installed"
        self._program = PROGRAM
        self._databases = databases
        self._address = address
        self._settings = settings or {}
        self._password = secrets.token_urlsafe()
        self.socket_dir = Path(tempfile.mkdtemp(prefix="pgbouncer-"))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        configuration = self._file("pgbouncer.ini", self._configuration())
        directory = str(self.socket_dir)
        # Pgbouncer refuses to run as root, as PostgreSQL does.
        self._process = subprocess.Popen(
            command_of(directory, str(binaries()), self._program, "-q", str(configuration)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(self._accepts)

    def stop(self) -> None:
        self._process.kill()
        self._process.wait(20)
        shutil.rmtree(self.socket_dir)

    def url(self, database: str) -> str:
        return self._url(quote(str(self.socket_dir), safe=""), database)

    def url_by_address(self, database: str) -> str:
        return self._url(self._address, database)

    def _url(self, host: str, database: str) -> str:
        return f"postgresql://{USER}:{self._password}@{host}:{PORT}/{quote(database, safe='')}"

    def _accepts(self) -> bool:
        assert self._process.poll() is None, (self.socket_dir / "log").read_text()
        try:
            # Pgbouncer's own database, which needs no server.
            psycopg.connect(self.url("pgbouncer")).close()
        except psycopg.OperationalError:
            return False
        return True

    def _configuration(self) -> str:
        settings = {
            **DOCUMENTED,
            "auth_type": "scram-sha-256",
            "auth_file": self._file("users", f'"{USER}" "{self._password}"\n'),
            "stats_users": USER,
            "unix_socket_dir": self.socket_dir,
            "unix_socket_mode": "0700",
            "listen_addr": self._address,
            "listen_port": PORT,
            "logfile": self.socket_dir / "log",
            "default_pool_size": 30,
            "max_client_conn": 300,
            **self._settings,
        }
        lines = ["[databases]"]
        lines += [f"{name} = {_dsn(server)}" for name, server in self._databases.items()]
        lines += ["[pgbouncer]", *(f"{name} = {value}" for name, value in settings.items())]
        return "\n".join(lines) + "\n"

    def _file(self, name: str, text: str) -> Path:
        """Write a file that only the pooler's user can read: it may hold a password."""
        path = self.socket_dir / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path


def _dsn(server: Mapping[str, Any]) -> str:
    quoted = {key: str(value).replace("'", "''") for key, value in server.items()}
    return " ".join(f"{key}='{value}'" for key, value in quoted.items())
