"""Jobs that ``loaddata`` inserts with the positions of their dump."""

from __future__ import annotations

from typing import Any, Final

from django.db import connections
from django.db.models.signals import post_save

from pgjobs.models.job import Job
from pgjobs.sql import load

_TOO_HIGH: Final = 2**62
"""Only SQL by hand writes such a position. Behind the last one of all, no job could be enqueued."""


def connect() -> None:
    """Watch for loaded jobs."""
    post_save.connect(raise_position, sender=Job, dispatch_uid="pgjobs.fixtures")


def raise_position(instance: Job, raw: bool, using: str, **_: Any) -> None:
    """Let the next position be behind that of the loaded job, or new jobs would overtake it."""
    if not raw:
        return
    position: Any = instance.position  # an expression if the sequence has just given it
    if isinstance(position, int) and position < _TOO_HIGH:
        with connections[using].cursor() as cursor:
            cursor.execute(load("raise_position"), {"position": position})
