"""A real pgbouncer in transaction mode, in front of the test's database."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final, Self
from urllib.parse import quote

import psycopg
import pytest
from django.db import connection

from example_project.postgres import binaries
from example_project.postgres_keeper import Order, choose_identity
from tests.eventually import eventually

PORT: Final = 6432
# Debian keeps it where only root's PATH leads.
PROGRAM: Final = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


class PgBouncer:
    """Listens on a unix socket of its own; the child of this process, and ended with it."""

    def __init__(self) -> None:
        if PROGRAM is None:
            if os.environ.get("CI"):
                pytest.fail("pgbouncer is not installed")
            pytest.skip("pgbouncer is not installed")
        self._program = PROGRAM
        self._directory = Path(tempfile.mkdtemp(prefix="pgbouncer-"))

    def __enter__(self) -> Self:
        configuration = self._directory / "pgbouncer.ini"
        configuration.write_text(self._configuration())
        self._directory.chmod(0o777)
        # It refuses to be root, as PostgreSQL does.
        order = Order(binaries=str(binaries()), data="", socket_dir="", settings={}, throwaway=[])
        self._process = subprocess.Popen(
            [self._program, "-q", str(configuration)],
            preexec_fn=choose_identity(order).assume,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(self._accepts)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait(20)
        shutil.rmtree(self._directory)

    @property
    def url(self) -> str:
        host = quote(str(self._directory), safe="")
        name = quote(str(connection.settings_dict["NAME"]), safe="")
        return f"postgresql://pooled@{host}:{PORT}/{name}"

    def _accepts(self) -> bool:
        assert self._process.poll() is None, (self._directory / "log").read_text()
        try:
            psycopg.connect(self.url).close()
        except psycopg.OperationalError:
            return False
        return True

    def _configuration(self) -> str:
        ours = connection.get_connection_params()
        server = " ".join(
            f"{key}={ours[key]}" for key in ("host", "port", "user", "password") if key in ours
        )
        return f"""
[databases]
* = {server}

[pgbouncer]
pool_mode = transaction
auth_type = any
unix_socket_dir = {self._directory}
listen_addr =
listen_port = {PORT}
logfile = {self._directory}/log
default_pool_size = 30
max_client_conn = 300
"""
