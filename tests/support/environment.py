"""The environment in which a child process finds its database, its settings and its apps."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

Environment = dict[str, str]

ROOT: Final = Path(__file__).parent.parent.parent


def environment_of(url: str, *, settings: str = "tests.settings") -> Environment:
    """Return the environment of a child that works on the database at ``url``."""
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": settings,
        "PYTHONPATH": str(ROOT),
    }


def with_settings(environment: Mapping[str, str], **settings: Any) -> Environment:
    """Return ``environment`` for a child with these ``PGJOBS`` settings."""
    return {**environment, "PGJOBS": json.dumps(settings)}


def with_apps(environment: Mapping[str, str], *apps: str) -> Environment:
    """Return ``environment`` for a child with these apps of ``tests.apps`` installed."""
    return {**environment, "EXTRA_APPS": " ".join(f"tests.apps.{app}" for app in apps)}
