"""Jobs that lost the process that ran them: back to their queue, or given up."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection
from typing import Final, NamedTuple

import psycopg

from pgjobs import events
from pgjobs.conf import get_settings
from pgjobs.enqueueing.wake import wake_idle_workers
from pgjobs.execution.lost import forbids_repeats, outcome_of_lost
from pgjobs.rows.outcome import Outcome
from pgjobs.rows.record import record
from pgjobs.sql import load
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.errors import is_passing
from pgjobs.worker.recording.refusal import is_about_a_row

_TRY_INTERVAL: Final = 5.0
"""Seconds until a row that refused to be taken back is tried again."""
_LONGEST_APART: Final = 1.0
"""Seconds in which outcomes are tried one by one; those that are left wait for the next turn."""
_OF_LEASE: Final = 1 / 8
"""The part of the lease that one statement may take: the heartbeat shares its session."""


class LostJob(NamedTuple):
    """A running job of a dead worker, or of a worker that does not know the job."""

    id: int
    epoch: int
    interruptions: int
    job_class: str
    queue_name: str


class LostJobs:
    """Writes the outcomes of lost jobs, and remembers the rows that refuse theirs."""

    def __init__(self, announce: Callable[[list[int]], None]) -> None:
        """``announce`` is called with the ids of jobs that were taken back, after the commit."""
        self.announce = announce
        self._refused: set[int] = set()
        self.untried: set[int] = set()
        """Jobs of the last outcomes for which the time was too short."""
        self._next_try: dict[int, float] = {}
        """The ``time.monotonic()`` at which each row that was not written is tried again."""

    def set_aside(self) -> list[int]:
        """Return the ids of the rows that are not to be tried at this moment."""
        now = time.monotonic()
        self._next_try = {job: at for job, at in self._next_try.items() if now < at}
        return list(self._next_try)

    def take_back(
        self, connection: EngineConnection, worker: int, jobs: list[LostJob]
    ) -> list[int]:
        """Give back ``jobs`` of ``worker`` or end them; return the ids of the jobs written.

        The transaction that holds their rows is open; ``announce`` follows its commit.
        """
        not_repeated = _not_repeated(connection, {job.job_class for job in jobs})
        outcomes = [_outcome_of(job, must_not_repeat=job.job_class in not_repeated) for job in jobs]
        recorded = self.record(connection, outcomes)
        for outcome in outcomes:
            if outcome.job_id in recorded:
                events.tell(events.JobTakenBack(outcome.job_id, worker, outcome.status))
            elif outcome.job_id not in self.untried:
                self._next_try[outcome.job_id] = time.monotonic() + _TRY_INTERVAL
        queues = [job.queue_name for job in jobs]
        wake_idle_workers(connection.cursor(), queues, workers=len(queues))
        return list(recorded)

    def record(self, connection: EngineConnection, outcomes: list[Outcome]) -> Collection[int]:
        """Write ``outcomes``; return the ids of the jobs that accepted one.

        If a row refuses its outcome, the outcomes are written one by one. Each write is a
        transaction or a savepoint, so a refusal ends neither the other writes nor the transaction
        that holds the rows. That takes a second or so: the outcomes that are left are not written.
        """
        self.untried.clear()
        try:
            return _record(connection, outcomes)
        except psycopg.Error as error:
            if not is_about_a_row(error):
                raise
            if len(outcomes) == 1:
                return self._record_otherwise(connection, outcomes[0], error)
        return self._record_apart(connection, outcomes)

    def _record_apart(
        self, connection: EngineConnection, outcomes: list[Outcome]
    ) -> Collection[int]:
        recorded: list[int] = []
        until = time.monotonic() + _LONGEST_APART
        random.shuffle(outcomes)  # a row for which there is no time now may come first next time
        for index, outcome in enumerate(outcomes):
            if time.monotonic() > until:
                self.untried.update(each.job_id for each in outcomes[index:])
                break
            recorded += self.record(connection, [outcome])
        return recorded

    def _record_otherwise(
        self, connection: EngineConnection, outcome: Outcome, error: psycopg.Error
    ) -> Collection[int]:
        """Write the first fallback of ``outcome`` that the row accepts."""
        for fallback in () if is_passing(error) else outcome.fallbacks(error):
            try:
                recorded = _record(connection, [fallback])
            except psycopg.Error as worse:
                if not is_about_a_row(worse):
                    raise
            else:
                if recorded and fallback.successor == "none":
                    events.tell(events.SuccessorLost(outcome.job_id, error))
                return recorded
        self._tell_refused(outcome, error)
        return []

    def _tell_refused(self, outcome: Outcome, error: psycopg.Error) -> None:
        """Tell of each refused row once: the janitor tries again and again."""
        if outcome.job_id not in self._refused:
            events.tell(events.RescueRefused(outcome.job_id, error))
            self._refused.add(outcome.job_id)


def _record(connection: EngineConnection, outcomes: list[Outcome]) -> Collection[int]:
    with connection.get().transaction():
        # A foreign key would otherwise be checked at the commit, when no job can be told apart.
        longest = f"'{get_settings().HEARTBEAT_TIMEOUT * _OF_LEASE * 1000:.0f}ms'"
        connection.cursor().execute(load("rescue/check_at_once").replace("{longest}", longest))
        # A cursor of a pooled session would lift the limit again.
        return record(connection.get().cursor(), outcomes)


def _not_repeated(connection: EngineConnection, job_classes: set[str]) -> set[str]:
    """Return those of ``job_classes`` whose jobs must not run twice."""
    answers = {name: forbids_repeats(name) for name in job_classes}
    known = {name for name, answer in answers.items() if answer}
    unknown = [name for name, answer in answers.items() if answer is None]
    return known | (_told_not_repeated(connection, unknown) if unknown else set())


def _told_not_repeated(connection: EngineConnection, job_classes: list[str]) -> set[str]:
    """Return those of ``job_classes`` of which another worker has told that.

    During a deploy, a worker with older code may rescue the jobs of one with newer code.
    """
    try:
        with connection.get().transaction():
            cursor = connection.get().cursor()
            cursor.execute(load("rescue/not_repeated"), {"job_classes": job_classes})
            return {name for (name,) in cursor.fetchall()}
    except psycopg.ProgrammingError:  # an older schema, or a role without the right
        return set()


def _outcome_of(job: LostJob, *, must_not_repeat: bool) -> Outcome:
    # A last chance is counted when it starts: see ``Job.is_last_chance``.
    limit = get_settings().MAX_INTERRUPTIONS
    was_counted_at_start = job.interruptions > 0 and job.interruptions >= limit - 1
    uncounted = 0 if was_counted_at_start else 1
    times = job.interruptions + uncounted
    return outcome_of_lost(
        job.id, job.epoch, must_not_repeat=must_not_repeat, times=times, uncounted=uncounted
    )
