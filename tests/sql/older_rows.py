"""The rows that a release of an older schema left, and what becomes of each.

The SQL names only columns of the first set of migrations.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from pgjobs.sql.locks import WORKER_LOCK
from tests.apps.testapp.jobs import Logging, Noop, Raising, Tracing

OLD: Final = {"attempt": 1, "epoch": 1}
FAILURE: Final = {
    "attempt": 1,
    "worker": 1,
    "exception": "builtins.ValueError",
    "message": "boom",
    "traceback": "ValueError: boom\n",
    "started": "2026-01-31T12:00:00+00:00",
    "ended": "2026-01-31T12:00:01+00:00",
}


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of an older release, and what becomes of it.

    ``becomes`` has a status for each row of this name, the oldest row first. ``worker`` is the name
    of the worker that holds the job.
    """

    status: str
    becomes: tuple[str, ...]
    job_class: Any = Noop
    worker: str | None = None
    moments: dict[str, str] = field(default_factory=dict)
    columns: dict[str, Any] = field(default_factory=dict)
    attempt: int = 1
    """The attempts of the oldest row in the end."""


RAN: Final = {"started": "-3 hours", "completed": "-2 hours"}
RUNS: Final = {"started": "-1 hour"}
ROWS: Final = {
    "pending": Row(status="pending", becomes=("completed",)),
    "urgent with arguments": Row(
        status="pending",
        becomes=("completed",),
        columns={"priority": 9, "kwargs": {"site": "Lund", "count": 3}},
    ),
    "held to one": Row(status="pending", becomes=("completed",), columns={"once_key": "a"}),
    "will raise": Row(status="pending", becomes=("errored",), job_class=Raising),
    "will log": Row(status="pending", becomes=("completed",), job_class=Logging),
    "of an unknown class": Row(status="pending", becomes=("errored",), job_class="gone.jobs.Gone"),
    "of a paused queue": Row(
        status="pending", becomes=("pending",), columns={"queue_name": "high"}, attempt=0
    ),
    "recurring": Row(
        status="pending", becomes=("completed", "scheduled"), columns={"interval": 60}
    ),
    "due": Row(status="scheduled", becomes=("completed",), moments={"scheduled": "-1 hour"}),
    "recurring and due": Row(
        status="scheduled",
        becomes=("completed", "scheduled"),
        moments={"scheduled": "-1 hour"},
        columns={"interval": 60, "once_key": "b"},
    ),
    "later": Row(
        status="scheduled", becomes=("scheduled",), moments={"scheduled": "1 day"}, attempt=0
    ),
    "due again": Row(
        status="scheduled",
        becomes=("completed",),
        moments={"scheduled": "-1 minute"},
        columns={**OLD, "max_attempts": 3, "errors": [FAILURE]},
        attempt=2,
    ),
    "held by a living worker": Row(
        status="running", becomes=("running",), worker="living", moments=RUNS, columns=OLD
    ),
    "held by a dead worker": Row(
        status="running", becomes=("completed",), worker="dead", moments=RUNS, columns=OLD
    ),
    "recurring, held by a dead worker": Row(
        status="running",
        becomes=("completed", "scheduled"),
        worker="dead",
        moments=RUNS,
        columns={**OLD, "interval": 60},
    ),
    "cancelled, held by a dead worker": Row(
        status="running",
        becomes=("cancelled",),
        worker="dead",
        moments={**RUNS, "cancel_requested": "-1 minute"},
        columns=OLD,
        attempt=0,
    ),
    "completed": Row(
        status="completed",
        becomes=("completed",),
        worker="gone",
        moments=RAN,
        columns={**OLD, "result": {"sites": 3}, "data": [1], "progress": {"done": 3}},
    ),
    "errored": Row(
        status="errored",
        becomes=("errored",),
        worker="gone",
        moments=RAN,
        columns={**OLD, "error": "ValueError: boom", "errors": [FAILURE]},
    ),
    "failed": Row(
        status="failed",
        becomes=("failed",),
        worker="gone",
        moments=RAN,
        columns={**OLD, "error": "no good"},
    ),
    "cancelled": Row(
        status="cancelled", becomes=("cancelled",), moments={"completed": "-2 hours"}, attempt=0
    ),
}
WORKERS: Final = {
    "living": ("0 seconds", None),
    "dead": ("-1 hour", None),
    "gone": ("-2 hours", "-1 hour"),
}


_WORKER: Final = """
INSERT INTO pgjobs_worker (name, hostname, pid, queues, concurrency, heartbeat, stopped)
VALUES (%s, 'older', 1, '{default}', 4, now() + %s::interval, now() + %s::interval)
RETURNING id
"""
_LOG: Final = """
INSERT INTO pgjobs_log (job_id, attempt, timestamp, level, message)
SELECT id, 1, now(), 'info', message
FROM pgjobs_job, unnest('{first,second}'::text[]) AS message
WHERE status NOT IN ('pending', 'scheduled')
"""
_SCHEDULES: Final = """
INSERT INTO pgjobs_schedule (job_class, interval, cron, next_run, enabled)
VALUES (%s, 1, '', now() - interval '1 hour', true), ('gone.jobs.Gone', 1, '', now(), true)
"""


@contextmanager
def rows_of_a_release(url: str) -> Iterator[None]:
    """Write the rows, and hold the lock of the living worker until the block ends."""
    with closing(psycopg.connect(url, autocommit=True)) as connection:
        with connection.transaction():
            workers = {
                name: _first(connection.execute(_WORKER, [name, *moments]))
                for name, moments in WORKERS.items()
            }
            for name, row in ROWS.items():
                _insert(connection, name, row, workers)
            connection.execute(_LOG)
            connection.execute(_SCHEDULES, [Tracing.path])
            connection.execute("INSERT INTO pgjobs_pause (kind, name) VALUES ('queue', 'high')")
        connection.execute("SELECT pg_advisory_lock(%s, %s)", [WORKER_LOCK, workers["living"]])
        yield


def _insert(
    connection: psycopg.Connection[Any], name: str, row: Row, workers: dict[str, int]
) -> None:
    job_class = row.job_class
    values = {
        "name": name,
        "job_class": job_class if isinstance(job_class, str) else job_class.path,
        "queue_name": "default",
        "status": row.status,
        "worker_id": workers.get(row.worker or ""),
        **{column: _as_sql(value) for column, value in row.columns.items()},
    }
    columns = sql.SQL(", ").join(map(sql.Identifier, [*values, *row.moments]))
    given = sql.SQL(", ").join(
        [
            *(sql.Placeholder() for _ in values),
            *(sql.SQL("now() + {}::interval").format(sql.Placeholder()) for _ in row.moments),
        ]
    )
    statement = sql.SQL("INSERT INTO pgjobs_job ({}) VALUES ({})").format(columns, given)
    connection.execute(statement, [*values.values(), *row.moments.values()])


def _as_sql(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, dict | list) else value


def _first(cursor: psycopg.Cursor[Any]) -> int:
    row = cursor.fetchone()
    assert row is not None
    return int(row[0])
