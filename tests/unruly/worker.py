"""Workers that know the jobs of this app."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.worker_process import RunningWorker, with_settings


def unruly_worker(
    environment: Mapping[str, str], *arguments: str, **settings: Any
) -> RunningWorker:
    """Start ``pgjobs_worker`` with ``arguments`` and these ``PGJOBS`` settings."""
    child = {**with_settings(environment, **settings), "EXTRA_APPS": "tests.unruly"}
    return RunningWorker(child, *arguments)
