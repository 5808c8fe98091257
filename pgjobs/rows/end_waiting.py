"""The end of a waiting job that no worker can start."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Final

from pgjobs.rows.cursor import Cursor
from pgjobs.rows.outcome import Outcome
from pgjobs.sql import load

_END_WAITING: Final = load("apart/end_waiting").replace("{successors}", load("successors"))


def end_waiting(cursor: Cursor, outcome: Outcome) -> bool:
    """End a waiting job by ``outcome``, and insert its successor if it recurs.

    Return False if it does not wait any more, or if another transaction holds its row.
    """
    cursor.execute(
        _END_WAITING,
        {
            "id": outcome.job_id,
            "error": outcome.error,
            "failure": json.dumps(asdict(outcome.failure)) if outcome.failure else None,
            "successor": outcome.successor,
        },
    )
    return bool(cursor.fetchall())
