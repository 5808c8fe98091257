"""The cost of enqueueing, compared with Django and PostgreSQL without pgjobs."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from benchmarks import pgbench, table
from benchmarks.app.jobs import Nothing
from pgjobs.enqueueing.row import row_for
from pgjobs.models import Job

_ROUNDS: Final = 10
_BULK_ROUNDS: Final = 5
_COLUMNS: Final = "job_class, name, queue_name, args, kwargs, notifications, max_attempts"
_CLIENTS: Final = 32
_ASKING: Final = ", pgjobs_must_ring(queue_name)"
_NOTIFY: Final = "BEGIN\\; {insert}\\; NOTIFY pgjobs_benchmark\\; COMMIT;"


def bulk(jobs: int) -> tuple[float, float]:
    """Return the rows a second of ``enqueue_many()`` and of a bare COPY, measured in turns."""
    enqueued = copied = 0.0
    for _ in range(_BULK_ROUNDS):
        table.clear()
        enqueued += _seconds(lambda: Nothing.enqueue_many({} for _ in range(jobs)))
        rows = _copied_out()
        table.clear()
        copied += _seconds(partial(_copy_in, rows))
    return jobs * _BULK_ROUNDS / enqueued, jobs * _BULK_ROUNDS / copied


def single(jobs: int) -> tuple[float, float]:
    """Return the jobs a second of ``enqueue()`` and ``Job.objects.create()``, measured in turns."""
    table.clear()
    portion = max(jobs // _ROUNDS, 1)
    enqueued = created = 0.0
    for _ in range(_ROUNDS):
        enqueued += _seconds(lambda: [Nothing.enqueue() for _ in range(portion)])
        created += _seconds(lambda: [_create() for _ in range(portion)])
    return portion * _ROUNDS / enqueued, portion * _ROUNDS / created


def concurrent(duration: int) -> dict[str, float]:
    """Return the jobs a second from 32 clients, each job in a transaction of its own.

    Python would be the limit, so pgbench sends the statement that ``enqueue()`` sends while all
    workers are busy. It is compared with the same INSERT without the question for idle workers, and
    with this INSERT and a NOTIFY.
    """
    enqueue, insert = _statements()
    scripts = {
        "enqueue": f"{enqueue};",
        "insert": f"{insert};",
        "insert and notify": _NOTIFY.format(insert=insert),
    }
    rates = {}
    for name, script in scripts.items():
        table.clear()
        rates[name] = pgbench.transactions_per_second(
            script, clients=_CLIENTS, options=["--time", str(duration), "--jobs", "2"]
        )
    return rates


def _seconds(act: Callable[[], object]) -> float:
    """Return how long ``act`` takes."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def _copied_out() -> bytes:
    rows = io.BytesIO()
    out = f"COPY (SELECT {_COLUMNS} FROM pgjobs_job) TO STDOUT"
    with connection.cursor() as cursor, cursor.copy(out) as copy:
        for block in copy:
            rows.write(block)
    return rows.getvalue()


def _copy_in(rows: bytes) -> None:
    into = f"COPY pgjobs_job ({_COLUMNS}) FROM STDIN"
    with transaction.atomic(), connection.cursor() as cursor, cursor.copy(into) as copy:
        copy.write(rows)


def _create() -> Job:
    return Job.objects.create(**row_for(Nothing))


def _statements() -> tuple[str, str]:
    with CaptureQueriesContext(connection) as captured:
        Nothing.enqueue()
    enqueue = captured.captured_queries[0]["sql"].replace("\n", " ")
    if _ASKING not in enqueue:
        raise RuntimeError(f"enqueue() should send an INSERT with {_ASKING!r}, not {enqueue}")
    return enqueue, enqueue.replace(_ASKING, "")
