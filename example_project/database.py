"""The choice of the example project's database."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dj_database_url

from example_project.postgres import running_url, socket_url


def database_config(data: Path) -> dict[str, Any]:
    """Return Django's settings for `DATABASE_URL` or, without it, for the server over `data`.

    The embedded server over `data` need not run yet.
    """
    url = os.environ.get("DATABASE_URL") or running_url(data) or socket_url(data.resolve())
    return {**dj_database_url.parse(url)}
