"""The inspection views, as migrations create and drop them."""

from __future__ import annotations

from typing import Final

from django.db.migrations.operations.special import RunSQL

from pgjobs.sql import load

# In the order of their creation: some read others.
VIEWS: Final = ("workers", "jobs", "running", "queues", "failures", "schedules")


def create_views() -> list[RunSQL]:
    return [RunSQL(load(f"views/{name}"), _drop(name)) for name in VIEWS]


def forget_views() -> list[RunSQL]:
    """Drop them, whatever their columns were; to undo this the older migration is run again."""
    return [RunSQL(_drop(name), RunSQL.noop) for name in reversed(VIEWS)]


def _drop(name: str) -> str:
    return f"DROP VIEW IF EXISTS pgjobs_{name}"
