"""Bulk insertion with COPY."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

_PLAIN = (
    "job_class name queue_name priority status scheduled interval object_type_id object_id "
    "user_id notifications max_attempts timeout"
).split()
_JSON = ("meta", "args", "kwargs")
_COLUMNS = ("id", *_PLAIN, *_JSON)
# The subquery finds the sequence once, where the bare call would look it up for each row.
_DRAW_IDS = """
SELECT nextval((SELECT pg_get_serial_sequence('pgjobs_job', 'id')::regclass))
FROM generate_series(1, %s)
"""


def copy_jobs(cursor: Any, rows: Sequence[dict[str, Any]]) -> list[int]:
    """COPY ``rows`` into the table and return their ids, in order.

    COPY returns nothing, so the ids are drawn from the sequence beforehand, in one
    round trip. Positions come from their default, in the order of the rows.
    """
    cursor.execute(_DRAW_IDS, [len(rows)])
    ids = [row[0] for row in cursor.fetchall()]
    as_text = _Texts()
    with cursor.copy(f"COPY pgjobs_job ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
        for job_id, row in zip(ids, rows, strict=True):
            copy.write_row([job_id, *(row[c] for c in _PLAIN), *(as_text(row[c]) for c in _JSON)])
    return ids


class _Texts:
    """JSON texts by the identity of their values: most rows of a bulk share most of theirs.

    For as long as the rows are held, or another value could take an identity over.
    """

    def __init__(self) -> None:
        self._known: dict[int, str | None] = {id(None): None}

    def __call__(self, value: Any) -> str | None:
        if (key := id(value)) not in self._known:
            self._known[key] = json.dumps(value)
        return self._known[key]
