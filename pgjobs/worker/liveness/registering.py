"""Tells the functions in SQL which names this worker knows from the project's code."""

from __future__ import annotations

import json

from pgjobs import events
from pgjobs.registry.entries import entries
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection


def write_registry(connection: EngineConnection) -> None:
    """Write the job classes, queues and models that this process knows.

    No job of this worker depends on it. So an error is told and no more: a missing right, or a job
    class with a lazy name that can't be translated.
    """
    try:
        known = [dict(zip(("kind", "name", "options"), entry, strict=True)) for entry in entries()]
        cursor = connection.cursor()
        cursor.execute(load("workers/tell_registry"), {"entries": json.dumps(known)})
        cursor.execute(load("workers/forget_registry"))
    except Exception as error:
        events.tell(events.RegistryNotWritten(error))
