"""Which database the example project uses."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dj_database_url

from example_project.postgres import running_url, socket_url


def database_config(data: Path) -> dict[str, Any]:
    """`DATABASE_URL`, or else the embedded server over `data`, whether or not it runs yet."""
    url = os.environ.get("DATABASE_URL") or running_url(data) or socket_url(data.resolve())
    return {**dj_database_url.parse(url)}
