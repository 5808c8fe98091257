"""Outcomes that were accepted, and the question which ones were."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from pgjobs.rows.cursor import Cursor
from pgjobs.rows.outcome import Outcome
from pgjobs.sql import load


class Recorded(NamedTuple):
    """An outcome that was accepted. The moments are None if they were not asked for."""

    status: str
    started: datetime | None
    completed: datetime | None


def already_recorded(cursor: Cursor, outcomes: Sequence[Outcome]) -> dict[int, Recorded]:
    """Return the ``outcomes`` that an earlier ``record()`` wrote, by job id.

    A connection can break after the commit and before the answer, so the worker asks.
    """
    cursor.execute(
        load("already_recorded"),
        {
            "ids": [o.job_id for o in outcomes],
            "epochs": [o.epoch for o in outcomes],
            "statuses": [str(o.status) for o in outcomes],
        },
    )
    return {row[0]: Recorded(*row[1:]) for row in cursor.fetchall()}
