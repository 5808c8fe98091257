"""What is measured, each case against what PostgreSQL or Django does without pgjobs."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.db import connection, transaction

from benchmarks.app.jobs import Nothing
from pgjobs.enqueueing import row_for
from pgjobs.models import Job

_POLL: Final = 0.02
_DEADLINE: Final = 600.0
_SINGLE_ROUNDS: Final = 10
_LIVE: Final = """
SELECT EXISTS (SELECT FROM pgjobs_job WHERE status = 'pending')
    OR EXISTS (SELECT FROM pgjobs_job WHERE status = 'running')
"""
_COLUMNS: Final = "job_class, name, queue_name, args, kwargs, notifications, max_attempts"


def seconds(act: Callable[[], object]) -> float:
    """Return how long ``act`` takes."""
    began = time.monotonic()
    act()
    return time.monotonic() - began


def clear() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE pgjobs_job CASCADE")


def drain(jobs: int, *, processes: int, began: Path) -> float:
    """Return jobs a second, from the first run to the last recorded outcome."""
    clear()
    Nothing.enqueue_many({} for _ in range(jobs))
    began.write_text("")
    command = [sys.executable, "-m", "django", "pgjobs_worker", "--processes", str(processes)]
    worker = subprocess.Popen(command, env={**os.environ, "BENCHMARK_BEGAN": str(began)})
    try:
        ended = _when_drained(worker)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(60)
    completed = Job.objects.filter(status="completed").count()
    if completed != jobs:
        raise RuntimeError(f"{completed} of {jobs} jobs were completed.")
    return jobs / (ended - min(float(line) for line in began.read_text().splitlines()))


def _when_drained(worker: subprocess.Popen[bytes]) -> float:
    deadline = time.monotonic() + _DEADLINE
    with connection.cursor() as cursor:
        while time.monotonic() < deadline and worker.poll() is None:
            cursor.execute(_LIVE)
            if not cursor.fetchone()[0]:
                return time.monotonic()
            time.sleep(_POLL)
    raise RuntimeError("The worker ended, or did not drain the queue in time.")


def bulk(jobs: int) -> tuple[float, float]:
    """Return rows a second of ``enqueue_many()``, and of a bare COPY of the same rows."""
    clear()
    enqueued = seconds(lambda: Nothing.enqueue_many({} for _ in range(jobs)))
    rows = io.BytesIO()
    with connection.cursor() as cursor, cursor.copy(_copy_out()) as copy:
        for block in copy:
            rows.write(block)
    clear()

    def copy_in() -> None:
        into = f"COPY pgjobs_job ({_COLUMNS}) FROM STDIN"
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy(into) as copy:
            copy.write(rows.getvalue())

    return jobs / enqueued, jobs / seconds(copy_in)


def _copy_out() -> str:
    return f"COPY (SELECT {_COLUMNS} FROM pgjobs_job) TO STDOUT"


def single(jobs: int) -> tuple[float, float]:
    """Return ``enqueue()`` and ``Job.objects.create()`` a second, one client, in turns."""
    clear()
    portion = max(jobs // _SINGLE_ROUNDS, 1)
    enqueued = created = 0.0
    for _ in range(_SINGLE_ROUNDS):
        enqueued += seconds(lambda: [Nothing.enqueue() for _ in range(portion)])
        created += seconds(lambda: [_create() for _ in range(portion)])
    return portion * _SINGLE_ROUNDS / enqueued, portion * _SINGLE_ROUNDS / created


def _create() -> Job:
    return Job.objects.create(**row_for(Nothing))
