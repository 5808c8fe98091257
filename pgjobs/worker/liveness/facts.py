"""What this worker tells of itself: the version of its code, and its memory."""

from __future__ import annotations

import time
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import psycopg

from pgjobs.conf import get_settings
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.errors import is_away
from pgjobs.worker.memory import memory

_INTERVAL: Final = 30.0
"""Seconds from one time to the next."""


class Facts:
    """Tells the facts of a worker from time to time, for pages and commands. No job needs them."""

    def __init__(self) -> None:
        self._next = 0.0
        self._worker_id = 0

    def tell(self, connection: EngineConnection, worker_id: int) -> None:
        """Write the facts if it is time, or if the worker has another id since the last time.

        A database that refuses them changes nothing: an older schema lacks the table, a role may
        lack the right, and a trigger of the project may raise.
        """
        if worker_id == self._worker_id and time.monotonic() < self._next:
            return
        self._worker_id, self._next = worker_id, time.monotonic() + _INTERVAL
        facts = {
            "id": worker_id,
            "code_version": get_settings().CODE_VERSION,
            "pgjobs_version": _own_version(),
            "memory": round(memory()),
        }
        try:
            connection.cursor().execute(load("workers/tell_facts"), facts)
        except psycopg.Error as error:
            if is_away(error):
                raise


@cache
def _own_version() -> str:
    try:
        return version("django-pgjobs")
    except PackageNotFoundError:  # imported from a checkout that is not installed
        return ""
