"""Rescue of dead workers' jobs, and pruning: every worker does it, all the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any, Final

import psycopg

from pgjobs import events
from pgjobs.choices import JobStatus
from pgjobs.conf import get_settings
from pgjobs.exceptions import UnknownJobClass, WorkerLost
from pgjobs.models import Job
from pgjobs.notifications import announce_end
from pgjobs.registry.names import resolve
from pgjobs.registry.targets import options_of
from pgjobs.rows import statements
from pgjobs.rows.outcome import Failure, Outcome, qualified_name
from pgjobs.sql import load
from pgjobs.sql.locks import HERE_LOCK
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.leftovers import drop_dead
from pgjobs.worker.liveness.suspicion import Suspicion
from pgjobs.worker.recording.refusal import is_about_a_row

INTERVAL: Final = 1.0
"""Seconds between two turns, at most."""
_ORPHANS_INTERVAL: Final = 10.0
_PRUNE_INTERVAL: Final = 60.0
_PRUNE_BATCH: Final = 1000
_RESCUE_BATCH: Final = 1000

# Holding the row, so that two rescuers don't both try, and so that its beat must wait and then
# finds the row ended. The epoch guards the jobs in any case.
_HOLD_WORKER = """
SELECT id FROM pgjobs_worker WHERE id = %(id)s AND stopped IS NULL FOR UPDATE SKIP LOCKED
"""
# A job that somebody's transaction holds is left for the next turn: waiting would stop our beat.
_JOBS_OF = """
SELECT id, epoch, interruptions, job_class, queue_name
FROM pgjobs_job
WHERE worker_id = %(id)s AND status = 'running'
ORDER BY position
LIMIT %(limit)s
FOR NO KEY UPDATE SKIP LOCKED
"""
_FORGET_WORKERS = """
DELETE FROM pgjobs_worker
WHERE stopped < statement_timestamp() - make_interval(days => %(days)s)
"""
_HELD = "SELECT id, epoch FROM pgjobs_job WHERE worker_id = %(id)s AND status = 'running'"
_UNKNOWN = """
SELECT id, epoch, interruptions, job_class, queue_name
FROM pgjobs_job
WHERE id = ANY (%(ids)s) AND worker_id = %(id)s AND status = 'running'
FOR NO KEY UPDATE SKIP LOCKED
"""
_END_WORKER = """
WITH left_doorbell AS (DELETE FROM pgjobs_doorbell WHERE worker_id = %(id)s)
UPDATE pgjobs_worker
SET stopped = statement_timestamp()
WHERE id = %(id)s
    AND NOT EXISTS (SELECT FROM pgjobs_job WHERE worker_id = %(id)s AND status = 'running')
RETURNING id
"""


class Janitor:
    """Finds dead workers and gives their jobs back to the queues.

    Rescue belongs to every worker and not to a job or a leader, which could
    themselves be stuck. A worker's row is ended only with the last of its jobs.
    """

    def __init__(self, *, ring: Callable[[EngineConnection, list[str]], None]) -> None:
        self._ring = ring
        self._suspicion = Suspicion()
        self._refused: set[int] = set()
        self._next_prune = self._next_orphans = time.monotonic()

    def turn(self, connection: EngineConnection) -> None:
        for worker in self._suspicion.dead(connection):
            self.rescue(connection, worker)
        if time.monotonic() >= self._next_orphans:
            self._give_up_orphans(connection)
            self._next_orphans = time.monotonic() + _ORPHANS_INTERVAL
        self._prune(connection.cursor())

    @property
    def next_turn_in(self) -> float:
        """Seconds; a turn without a look costs nothing."""
        return min(max(self._suspicion.next_look_in, 0.0), INTERVAL)

    def rescue(self, connection: EngineConnection, worker: int) -> None:
        """Take back the jobs of a dead ``worker``, in one transaction with the end of its row."""
        rescued: list[int] = []
        with connection.get().transaction():
            cursor = connection.cursor()
            if not cursor.execute(_HOLD_WORKER, {"id": worker}).fetchone():
                return
            while rows := cursor.execute(
                _JOBS_OF, {"id": worker, "limit": _RESCUE_BATCH}
            ).fetchall():
                taken = self._take_back(connection, worker, rows)
                rescued += taken
                if len(taken) < len(rows):  # what its row refuses would come again and again
                    break
            has_ended = cursor.execute(_END_WORKER, {"id": worker}).fetchone()
        _announce(rescued)
        if has_ended:
            events.tell(events.WorkerDied(worker))

    def take_back_unknown(
        self, connection: EngineConnection, worker: int, known: Collection[tuple[int, int]]
    ) -> None:
        """Take back what a living ``worker`` is said to run but does not know.

        A claim whose answer was lost with its connection leaves such rows, and a
        failover that undid outcomes. Nobody rescues the jobs of the living.
        """
        # Compared here: in SQL, with thousands on either side, it would compare each with each.
        held = connection.cursor().execute(_HELD, {"id": worker}).fetchall()
        unknown = set(held).difference(known)
        if not unknown:
            return
        ids = [job for job, _ in unknown][:_RESCUE_BATCH]
        with connection.get().transaction():
            rows = connection.cursor().execute(_UNKNOWN, {"id": worker, "ids": ids}).fetchall()
            rows = [row for row in rows if row[:2] in unknown]  # we may have claimed one anew
            taken = self._take_back(connection, worker, rows) if rows else []
        _announce(taken)

    def _take_back(
        self, connection: EngineConnection, worker: int, rows: list[tuple[Any, ...]]
    ) -> list[int]:
        limit = get_settings().MAX_INTERRUPTIONS
        outcomes = [_rescued(*row[:4], limit=limit) for row in rows]
        recorded = self._recorded_of(connection, outcomes)
        for outcome in outcomes:
            if outcome.job_id in recorded:
                events.tell(events.JobTakenBack(outcome.job_id, worker, outcome.status))
        self._ring(connection, [row[-1] for row in rows])
        return list(recorded)

    def _recorded_of(
        self, connection: EngineConnection, outcomes: list[Outcome]
    ) -> Collection[int]:
        """Write ``outcomes`` so that what one row refuses spares the others and our transaction."""
        try:
            with connection.get().transaction():
                return statements.record(connection.cursor(), outcomes)
        except psycopg.Error as error:
            if not is_about_a_row(error):
                raise
            if len(outcomes) == 1:
                self._say_refused(outcomes[0], error)
                return []
        return [job for outcome in outcomes for job in self._recorded_of(connection, [outcome])]

    def _say_refused(self, outcome: Outcome, error: psycopg.Error) -> None:
        """Once: we try again each second."""
        if outcome.job_id not in self._refused:
            events.tell(events.RescueRefused(outcome.job_id, error))
            self._refused.add(outcome.job_id)

    def _give_up_orphans(self, connection: EngineConnection) -> None:
        """End jobs whose process died while it ran them itself, outside any worker."""
        found = connection.cursor().execute(load("orphans"), {"lock": HERE_LOCK}).fetchall()
        outcomes = [
            _given_up(job, epoch, "The process that ran this job immediately has died.")
            for job, epoch in found
        ]
        if outcomes and (ended := self._recorded_of(connection, outcomes)):
            events.tell(events.ImmediateJobsLost(len(ended)))

    def _prune(self, cursor: psycopg.Cursor) -> None:
        days = get_settings().JOB_RETENTION
        if not days or time.monotonic() < self._next_prune:
            return
        if statements.prune(cursor, days=days, limit=_PRUNE_BATCH) < _PRUNE_BATCH:
            cursor.execute(_FORGET_WORKERS, {"days": days})
            self._next_prune = time.monotonic() + _PRUNE_INTERVAL


def _announce(rescued: list[int]) -> None:
    if rescued:
        drop_dead()  # our connection that Django keeps may have been idle for days
        for job in Job.objects.filter(pk__in=rescued):
            events.tell(events.JobRescued(job))
            if job.is_finished:
                announce_end(job)


def _rescued(job: int, epoch: int, interruptions: int, job_class: str, *, limit: int) -> Outcome:
    """Requeue, or give up a job that was there each time; see ``Job.is_last_chance``."""
    if _must_not_repeat(job_class):
        return _given_up(
            job,
            epoch,
            "The job lost its worker, and its class says that it must not be repeated.",
            interruptions=1,
        )
    was_counted_at_start = interruptions > 0 and interruptions >= limit - 1
    now = interruptions if was_counted_at_start else interruptions + 1
    if now < limit:
        return replace(Outcome.interrupted(job, epoch), interruptions=now - interruptions)
    return _given_up(
        job,
        epoch,
        f"The job lost its worker {now} times; it may be what kills it.",
        interruptions=now - interruptions,
    )


def _given_up(job: int, epoch: int, why: str, *, interruptions: int = 0) -> Outcome:
    """End the job as errored; its ``errors`` then tell which worker it was with, and since when."""
    return Outcome(
        job_id=job,
        epoch=epoch,
        status=JobStatus.ERRORED,
        interruptions=interruptions,
        error=why,
        failure=Failure(exception=qualified_name(WorkerLost()), message=why, traceback=""),
    )


def _must_not_repeat(job_class: str) -> bool:
    try:
        return options_of(resolve(job_class)).on_interrupt == "error"
    except UnknownJobClass:  # another project's worker may know it
        return False
