"""Takes back the jobs of dead workers, and jobs that a living worker holds without knowing."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Final

from pgjobs import events
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness.lost_jobs import LostJob, LostJobs

_BATCH: Final = 100
_LONGEST_TURN: Final = 1.0


def rescue(connection: EngineConnection, worker: int, lost_jobs: LostJobs) -> None:
    """Take back the jobs of a dead ``worker``, in one transaction with the end of its row."""
    with connection.get().transaction():
        cursor = connection.cursor()
        if not cursor.execute(load("rescue/hold_worker"), {"id": worker}).fetchone():
            return
        rescued = _take_back_batches(connection, worker, lost_jobs)
        has_ended = cursor.execute(load("workers/end"), {"id": worker}).fetchone()
    lost_jobs.announce(rescued)
    if has_ended:
        events.tell(events.WorkerDied(worker))


def take_back_all(connection: EngineConnection, worker: int, lost_jobs: LostJobs) -> None:
    """Take back the jobs of a ``worker`` whose row is missing or has ended."""
    with connection.get().transaction():
        rescued = _take_back_batches(connection, worker, lost_jobs)
    lost_jobs.announce(rescued)


def _take_back_batches(connection: EngineConnection, worker: int, lost_jobs: LostJobs) -> list[int]:
    """Take back the jobs of ``worker``, as far as their rows let it; return their ids.

    The turn is short because the heartbeat shares its thread; the next one, within a second, goes
    on.
    """
    rescued: list[int] = []
    cursor, until = connection.cursor(), time.monotonic() + _LONGEST_TURN
    while time.monotonic() < until:
        batch = {"id": worker, "limit": _BATCH, "set_aside": lost_jobs.set_aside()}
        rows = cursor.execute(load("rescue/jobs_of_worker"), batch).fetchall()
        if not rows:
            break
        rescued += lost_jobs.take_back(connection, worker, list(map(LostJob._make, rows)))
    return rescued


def take_back_unknown(
    connection: EngineConnection,
    worker: int,
    known: Collection[tuple[int, int]],
    lost_jobs: LostJobs,
) -> None:
    """Take back the jobs that a living ``worker`` holds by their rows, but does not know.

    A claim leaves such rows if its answer was lost with the connection, and so does a failover that
    undid outcomes. No other worker takes them back, because their worker lives. ``known`` has the
    id and the epoch of each job that the worker knows.
    """
    held = connection.cursor().execute(load("rescue/held_jobs"), {"id": worker}).fetchall()
    unknown = set(held).difference(known)
    if not unknown:
        return
    ids = [job for job, _ in unknown][:_BATCH]
    with connection.get().transaction():
        cursor = connection.cursor()
        rows = cursor.execute(load("rescue/unknown_jobs"), {"id": worker, "ids": ids}).fetchall()
        jobs = list(map(LostJob._make, rows))
        # The worker may have claimed a job anew since the first look, at another epoch.
        jobs = [job for job in jobs if (job.id, job.epoch) in unknown]
        taken = lost_jobs.take_back(connection, worker, jobs) if jobs else []
    lost_jobs.announce(taken)
