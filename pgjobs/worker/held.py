"""The jobs that a worker holds: from their claim until their outcome is decided."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.liveness.janitor import Janitor
from pgjobs.worker.recording.recorder import LARGEST_BATCH, Recorder
from pgjobs.worker.slots.stoppable import Identity

COUNT_INTERVAL: Final = 10.0
"""Seconds between two comparisons of the held jobs with the rows."""
MOST_UNRECORDED: Final = 3 * LARGEST_BATCH
"""Jobs that have ended without a stored outcome, above which the worker claims no more."""
FLUSH_TIMEOUT: Final = 10.0
"""Seconds in which a stopping worker tries to write the last outcomes."""


class Held:
    """The claimed jobs, until their outcomes are decided: written or stale.

    The thread of the loop takes jobs on. The slots and the recorder let them go, each in its own
    thread; each change of the set is one call into C, so no lock is needed.
    """

    def __init__(self, janitor: Janitor) -> None:
        self._janitor = janitor
        self._keys: set[tuple[int, int]] = set()
        self._next_comparison = 0.0

    def take_on(self, jobs: list[Job]) -> list[Job]:
        """Hold ``jobs``, and return the ones that this worker did not hold before.

        A server crash can undo a claim; claiming the row again restores it, but the job must not
        start twice.
        """
        keys = [(job.id, job.epoch) for job in jobs]
        new = [job for job, key in zip(jobs, keys, strict=True) if key not in self._keys]
        self._keys.update(keys)
        return new

    def let_go(self, jobs: Sequence[Job]) -> bool:
        """Hold ``jobs`` no longer, and return whether the worker may now claim again.

        That is true for the call that brings the number down to the limit and for no later call,
        so that the recorder wakes the loop once and not with each batch.
        """
        before = len(self._keys)
        self._keys.difference_update([(job.id, job.epoch) for job in jobs])
        return len(self._keys) <= MOST_UNRECORDED < before

    def has_too_many_unrecorded(self, in_hand: int) -> bool:
        """Return whether too many outcomes wait to be written; ``in_hand`` jobs have not ended.

        If the worker died, all jobs with an unwritten outcome would run again.
        """
        return len(self._keys) - in_hand > MOST_UNRECORDED

    def compare_with_rows(self, connection: EngineConnection, worker: int) -> None:
        """If a comparison is due, give back the jobs that only the rows say ``worker`` runs."""
        if time.monotonic() < self._next_comparison:
            return
        # Copied before the rows are read: a job that is let go in between does not run here any
        # more, and a job claimed in between can't exist, because this thread claims.
        known = self._keys.copy()
        self._janitor.take_back_unknown(connection, worker, known)
        self._next_comparison = time.monotonic() + COUNT_INTERVAL

    def compare_soon(self) -> None:
        """Make the next comparison due at once."""
        self._next_comparison = 0.0


def release(jobs: Iterable[Job], recorder: Recorder) -> None:
    """Give ``jobs`` back to their queues, free of charge.

    A job that was cut off may still end. Its outcome is then stale, because its row no longer runs
    at the epoch of this claim.
    """
    release_running([(job, (job.id, job.epoch, job.worker_id)) for job in jobs], recorder)


def release_running(jobs: Iterable[tuple[Job, Identity]], recorder: Recorder) -> None:
    """Give ``jobs`` back as ``release()`` does, each by what names its row."""
    for job, identity in jobs:
        recorder.put(job, Outcome.released(*identity))
