"""Tells the functions in SQL which names this worker knows from the project's code."""

from __future__ import annotations

import json

import psycopg

from pgjobs import events
from pgjobs.registry.entries import entries
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection


def write_registry(connection: EngineConnection) -> None:
    """Write the job classes, queues and models that this process knows.

    No job of this worker depends on it. So an error, such as a missing right, is told and no more.
    """
    known = [dict(zip(("kind", "name", "options"), entry, strict=True)) for entry in entries()]
    try:
        cursor = connection.cursor()
        cursor.execute(load("workers/tell_registry"), {"entries": json.dumps(known)})
        cursor.execute(load("workers/forget_registry"))
    except psycopg.Error as error:
        events.tell(events.RegistryNotWritten(error))
