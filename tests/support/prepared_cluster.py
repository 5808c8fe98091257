"""A cluster with pgjobs installed, made once in a run of tests and copied for each server.

Copying the files takes a tenth of the processor time that ``initdb`` and the migrations take.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from pathlib import Path
from typing import Final

from example_project.postgres import EmbeddedPostgres
from tests.support.environment import environment_of, with_apps
from tests.support.warm_process import WarmProcess

DIRECTORY: Final = "PGJOBS_TESTS_DIRECTORY"
"""Environment variable: a temporary directory that all processes of one run share."""


def copy_prepared_cluster(data: Path) -> Path:
    """Let a server over ``data`` start with a copy of the prepared cluster; return ``data``."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", str(_prepared() / "cluster"), str(data)], check=True)
    return data


def _prepared() -> Path:
    shared = Path(os.environ[DIRECTORY])
    prepared, marker = shared / "prepared", shared / "is_prepared"
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one process prepares, the others wait for it
        if not marker.exists():
            with EmbeddedPostgres(prepared) as postgres:
                install(postgres)
            marker.touch()
    return prepared


def install(postgres: EmbeddedPostgres) -> None:
    """Create the tables of pgjobs and of the test apps."""
    environment = with_apps(environment_of(postgres.url), "clockapp")
    with WarmProcess(environment, "migrate", "--run-syncdb", "-v", "0", output=2) as migrating:
        assert migrating.wait(120) == 0
