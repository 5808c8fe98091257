"""Jobs that ``loaddata`` inserts with the positions of their dump."""

from __future__ import annotations

from typing import Any

from django.db import connections
from django.db.models.signals import post_save

from pgjobs.models.job import Job
from pgjobs.sql import load


def connect() -> None:
    """Watch for loaded jobs."""
    post_save.connect(raise_position, sender=Job, dispatch_uid="pgjobs.fixtures")


def raise_position(instance: Job, raw: bool, using: str, **_: Any) -> None:
    """Let the next position be behind that of the loaded job, or new jobs would overtake it."""
    if raw and isinstance(instance.position, int):  # otherwise the sequence has just given it
        with connections[using].cursor() as cursor:
            cursor.execute(load("raise_position"), {"position": instance.position})
