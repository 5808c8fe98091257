"""The keys of the engine's two-key advisory locks: each number stands here alone.

Advisory locks and channels belong to the database, and ids start at 1 in each schema. If a database
holds the tables of two sites, each in a schema of its own, worker 1 of the one site must not look
alive because worker 1 of the other site holds its lock. So the numbers below are those of the
tables in the schema ``public``. In any other schema the first key is the OID of a table, and the
channels have the OID of the schema in their names.
"""

from __future__ import annotations

from typing import Final

WORKER_LOCK: Final = 0x70676A77
"""``pgjw``, with a worker's id: held by the session of a worker for as long as it lives."""

HERE_LOCK: Final = 0x70676A68
"""``pgjh``, with a job's id: held while a process runs a job itself, outside any worker."""

BLOCK_LOCK: Final = 0x70676A62
"""``pgjb``, with the hash of a block of positions: held by a claim until it commits."""


def _unless_public(column: str, table: str) -> str:
    """Return the SQL for ``column`` of ``table`` in ``pg_class``, which is NULL in ``public``.

    The schema ``public`` may be gone, and a role may have no right to use it: neither is an error.
    """
    return (
        f"(SELECT {column} FROM pg_class WHERE oid = '{table}'::regclass "
        "AND relnamespace IS DISTINCT FROM to_regnamespace('public'))"
    )


_NAMES: Final = {
    "WORKER_LOCK": str(WORKER_LOCK),
    "HERE_LOCK": str(HERE_LOCK),
    "BLOCK_LOCK": str(BLOCK_LOCK),
    "WORKERS": f"COALESCE({_unless_public('oid', 'pgjobs_worker')}, {WORKER_LOCK})::integer",
    "JOBS_HERE": f"COALESCE({_unless_public('oid', 'pgjobs_job')}, {HERE_LOCK})::integer",
    "SCHEMA": _unless_public("relnamespace", "pgjobs_job"),
}


def fill(statement: str) -> str:
    """Return ``statement`` with SQL in the place of ``{WORKER_LOCK}`` and the like.

    ``{WORKERS}`` and ``{JOBS_HERE}`` are the first keys of the locks of workers and of jobs in the
    schema of the tables. ``{SCHEMA}`` is the OID of this schema, and NULL in ``public``.

    Not by ``str.format()``: in statements ``'{}'`` is an empty array or JSON object.
    """
    for name, meaning in _NAMES.items():
        statement = statement.replace(f"{{{name}}}", meaning)
    return statement
