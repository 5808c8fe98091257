"""PostgreSQL's own benchmark driver, which shows the limit that the server sets to any client."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from typing import Final

from django.db import connection

from example_project.postgres import binaries
from pgjobs.worker.connection import SETTINGS

ENGINE_SETTINGS: Final = {name: value.strip("'") for name, value in SETTINGS.items()}
"""The settings of a session of the engine, as pgbench needs them."""


def transactions_per_second(
    script: str, *, clients: int, options: Sequence[str], settings: Mapping[str, str] | None = None
) -> float:
    """Return the rate at which so many clients run ``script``. Raises RuntimeError if one fails."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [str(binaries() / "pgbench"), "--no-vacuum", "--client", str(clients)]
        command += [*options, "--file", file.name]
        done = subprocess.run(
            command, env=_environment(settings or {}), capture_output=True, text=True, check=False
        )
    rate = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if done.returncode or rate is None:
        raise RuntimeError(f"pgbench failed: {done.stderr or done.stdout}")
    return float(rate.group(1))


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    parameters = connection.get_connection_params()
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"}
    given = {names[key]: str(parameters[key]) for key in names if key in parameters}
    # In PGOPTIONS a space ends a value unless a backslash stands before it.
    values = {name: value.replace(" ", r"\ ") for name, value in settings.items()}
    return {**given, "PGOPTIONS": " ".join(f"-c {name}={values[name]}" for name in values)}
