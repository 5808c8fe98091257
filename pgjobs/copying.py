"""Bulk insertion with COPY."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

_COLUMNS = (
    "id job_class name queue_name priority status scheduled interval object_type_id object_id "
    "user_id notifications max_attempts timeout meta args kwargs"
).split()
_JSON = ("meta", "args", "kwargs")


def copy_jobs(cursor: Any, rows: Sequence[dict[str, Any]]) -> list[int]:
    """COPY ``rows`` into the table and return their ids, in order.

    COPY returns nothing, so the ids are drawn from the sequence beforehand, in one
    round trip. Positions come from their default, in the order of the rows.
    """
    cursor.execute(
        "SELECT nextval(pg_get_serial_sequence('pgjobs_job', 'id')) FROM generate_series(1, %s)",
        [len(rows)],
    )
    ids = [row[0] for row in cursor.fetchall()]
    with cursor.copy(f"COPY pgjobs_job ({', '.join(_COLUMNS)}) FROM STDIN") as copy:
        for job_id, row in zip(ids, rows, strict=True):
            copy.write_row([job_id, *(_value(row, column) for column in _COLUMNS[1:])])
    return ids


def _value(row: dict[str, Any], column: str) -> Any:
    value = row[column]
    if column in _JSON and value is not None:
        return json.dumps(value)
    return str(value) if column == "status" else value
