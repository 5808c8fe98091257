"""The columns of a job in named sets. Such sets stand only here; models/job.py defines the columns.

The SQL files spell their columns out, because their order and their expressions belong to the
statement. `tests/rows/test_columns.py` compares each set with the fields of the model and each SQL
file with its set. A new column fails these tests until every set and statement has been decided
upon.
"""

from __future__ import annotations

from typing import Final

SAME_IN_A_CHAIN: Final = ("job_class", "name", "object_type_id", "object_id", "once_key")
"""Columns that every job of a chain has in common: its class, its object and its place."""

RULE: Final = (
    "args kwargs user_id queue_name priority interval max_attempts timeout notifications meta"
).split()
"""Columns that ``enqueue_once()`` may change for the successor of a running job."""

TAKEN_OVER: Final = (*SAME_IN_A_CHAIN, *RULE)
"""Columns that a successor takes over from its predecessor; `record.sql` inserts them."""

GIVEN: Final = ("status", "scheduled", *TAKEN_OVER)
"""Columns that an enqueuer gives; `insert.sql` inserts them. The others have a default."""

GIVEN_AS_JSON: Final = ("args", "kwargs", "meta")
"""The columns of ``GIVEN`` that hold JSON, which the enqueuer sends as text."""

COPIED: Final = (
    "id",
    *(name for name in GIVEN if name not in ("once_key", *GIVEN_AS_JSON)),
    *GIVEN_AS_JSON,
)
"""Columns that ``enqueue_many()`` writes, in the order of `copy.sql`. COPY returns nothing, so the
ids are drawn beforehand. A job that is enqueued in bulk holds no place: it has no ``once_key``."""

CLAIMED: Final = (
    "id job_class name queue_name priority position args kwargs object_type_id object_id "
    "user_id created scheduled interval started epoch attempt max_attempts interruptions "
    "timeout worker_id data notifications meta"
).split()
"""Columns that a claim reads, in the order of `claim.sql`. If ``run()`` asks for another column,
Django loads it by a query."""

SET_BY_CLAIM: Final = {"status": "running", "error": ""}
"""Columns that a claimed job has without reading them. ``error`` starts empty, even if an earlier
attempt left a text in the row."""

ONLY_BY_STATEMENTS: Final = frozenset(
    "attempt cancel_requested completed created epoch error errors id interruptions interval "
    "once_key position progress result scheduled started status successor worker_id".split()
)
"""Columns that only guarded statements write once the row exists. ``Job.save()`` omits them."""

WIDE: Final = (
    "args",
    "kwargs",
    "data",
    "result",
    "error",
    "errors",
    "progress",
    "meta",
    "successor",
)
"""Columns of any length. A list of jobs leaves them in the database."""

LEFT_IF_HEAVY: Final = ("args", "kwargs", "data", "meta")
"""Columns of ``CLAIMED`` that are ``WIDE``. If a job is heavy, its claim leaves them in the
database, and its slot reads them in the order of `heavy.sql`."""
