"""The loop of a worker: claim jobs, hand them to slots, record their outcomes.

A job that does nothing passes through this file, `claiming/claimer.py`, `sql/claim.sql`,
`slots/pool.py`, `slots/slot.py`, `execution/attempt.py`, `recording/recorder.py`, `rows/record.py`
and `sql/record_plain.sql`, in this order.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

import psycopg
from django.db import DatabaseError, router

from pgjobs import events
from pgjobs.exceptions import UnreadableRow
from pgjobs.models import Job
from pgjobs.notifications import is_heard
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.backoff import Backoff
from pgjobs.worker.claiming.ahead import Ahead
from pgjobs.worker.claiming.claimer import SETTINGS as CLAIM_SETTINGS
from pgjobs.worker.claiming.claimer import Claimer
from pgjobs.worker.claiming.doorbell import Doorbell
from pgjobs.worker.claiming.pace import Pace
from pgjobs.worker.companion import Companion
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.errors import is_away, is_misfit
from pgjobs.worker.held import Held, release
from pgjobs.worker.idling import Burst, Idling
from pgjobs.worker.job_processes.crew import Crew
from pgjobs.worker.lifetime import Lifetime
from pgjobs.worker.liveness.janitor import Janitor
from pgjobs.worker.liveness.presence import SETTINGS as PRESENCE_SETTINGS
from pgjobs.worker.liveness.presence import Presence
from pgjobs.worker.liveness.pruning import Pruning
from pgjobs.worker.options import WorkerOptions
from pgjobs.worker.recording.announcer import Announcer
from pgjobs.worker.recording.recorder import SETTINGS, Recorder
from pgjobs.worker.slots.isolated import Isolation
from pgjobs.worker.slots.pool import Pool
from pgjobs.worker.stop_order import StopOrder
from pgjobs.worker.wakeup import Wakeup
from pgjobs.worker.watch import Watch


class Worker:
    """One process that claims jobs and runs them until it is told to stop."""

    def __init__(
        self,
        options: WorkerOptions,
        *,
        companions: Sequence[Companion] = (),
        end_process: Callable[[], None] | None = None,
    ) -> None:
        """``end_process`` is called if a job does not stop.

        None means that this is the process of a caller. Such a job then goes on in its slot, and no
        job has a process: processes of jobs start by the command line of a worker.
        """
        alias = router.db_for_write(Job)
        self._wakeup = Wakeup()
        self.stop_order = StopOrder(self._wakeup)
        self._backoff = Backoff()
        self._announcer = announcer = Announcer()
        # To claim
        self._claims = EngineConnection.with_session(alias, "claims", CLAIM_SETTINGS)
        self._claimer = Claimer(
            self._claims,
            options.queues,
            on_unreadable=self._on_unreadable,
            announce=announcer.put_unclaimed,
        )
        self._pace = Pace(options.concurrency)
        # If only bursts run, no other worker would make the rounds for long enough.
        janitor = Janitor(announcer.put_rescued, takes_turns=not options.burst)
        self._held = Held(janitor)
        self._claimed = 0
        self._most = options.max_jobs or sys.maxsize
        # To record
        self._recorder = recorder = Recorder(
            EngineConnection(alias, "records", SETTINGS),
            announce=announcer.put,
            is_heard=is_heard,
            on_decided=self._on_decided,
        )
        self._settled = recorder.settle()
        # To run
        self._pool = pool = Pool(
            options.concurrency,
            isolation=Isolation(Crew() if end_process else None, options.isolation),
            on_ended=self._on_ended,
            note=recorder.note,
            on_freed=self._on_freed,
        )
        self._ahead = Ahead(self._claims, pool, self._pace, recorder)
        connection = EngineConnection.with_session(alias, "presence", PRESENCE_SETTINGS)
        self._presence = presence = Presence(
            connection, options, janitor=janitor, pool=pool, on_new_id=self._wakeup.set
        )
        presence.on_order = self.stop_order.obey
        # To wait, start and stop
        bell = Doorbell(self._claims, options.queues)
        self._burst = burst = (
            Burst(self.stop_order, pool, recorder, presence, companions) if options.burst else None
        )
        self._idling = Idling(self._claimer, bell, self._wakeup, presence, pool, burst)
        self._lifetime = Lifetime(
            options=options,
            stop_order=self.stop_order,
            wakeup=self._wakeup,
            claims=self._claims,
            presence=presence,
            recorder=recorder,
            announcer=announcer,
            pool=pool,
            watch=Watch(pool, presence, recorder, end_process=end_process),
            pruning=Pruning.of(alias, janitor.makes_rounds),
            companions=companions,
        )

    def stop(self) -> None:
        """Drain: claim no more, let running jobs end. Told twice: don't wait for them."""
        self.stop_order.give()

    def run(self) -> bool:
        """Work until told to stop, or in a burst until nothing is due.

        Return True if each started job has also ended.
        """
        self._wakeup.go_on()
        if not self._lifetime.start():
            return True
        try:
            while not self._is_done():
                self._turn_or_back_off()
        finally:
            has_ended = self._lifetime.stop()
        return has_ended

    def stuck(self) -> tuple[str, float] | None:
        """Return the part that has not gone on for a whole lease, and these seconds, or None."""
        return self._lifetime.stuck()

    @property
    def burst_is_over(self) -> bool:
        """Whether this is a burst that has ended because nothing was due."""
        return self._burst is not None and self._burst.is_over

    def _is_done(self) -> bool:
        return self.stop_order.is_given or self._claimed >= self._most

    def _turn_or_back_off(self) -> None:
        """Take one turn, and outlive a lost database."""
        try:
            self._turn()
            self._backoff.reset()
            self._wakeup.go_on()
        except (psycopg.Error, DatabaseError) as error:
            if is_misfit(error):
                events.tell(events.TablesMissing(error))
                raise
            if self._backoff.is_news:
                away = events.DatabaseAway("claiming", error)
                events.tell(away if is_away(error) else events.ClaimingFailed(error))
            self._claims.close()
            self._idling.after_lost_connection()
            self._distrust_claims()
            wait = self._wakeup.wait if is_away(error) else self._wakeup.pause
            wait(self._backoff.next())

    def _turn(self) -> None:
        self._held.compare_with_rows(self._claims, self._presence.worker_id)
        self._claimed -= self._ahead.give_back()
        room = self._room()
        if not room:
            self._idling.wait_for_room(self._room)
        elif self._idling.is_idle and not self._idling.look():
            self._idling.rest()
        else:
            self._claim(room)

    def _room(self) -> int:
        """Return how many jobs to claim now."""
        in_hand = self._pool.in_hand
        if (
            self._presence.is_fenced
            or not self._settled.is_set()
            or self._held.has_too_many_unrecorded(in_hand)
        ):
            return 0
        return min(self._pace.room(in_hand), self._most - self._claimed)

    def _claim(self, room: int) -> None:
        self._idling.look_if_due()
        jobs = self._claimer.claim(limit=room, worker=self._presence.worker_id)
        self._claimed += len(jobs)
        self._pool.submit(self._held.take_on(jobs))
        self._idling.after_claim(len(jobs), room)

    def _on_unreadable(self, job: Job, error: UnreadableRow) -> None:
        """End a claimed job that can't start because its row can't be read."""
        self._claimed += 1
        self._held.take_on([job])
        events.tell(events.JobUnreadable(job, error))
        outcome = Outcome.unreadable(job.id, job.epoch, job.worker_id, error)
        self._recorder.put(job, outcome)

    def _distrust_claims(self) -> None:
        """Release the jobs that have not started; claim no more before each outcome was tried.

        The connection is lost. If the server crashed, the newest claims are lost too, and this
        worker may claim such a row again at the same epoch. An outcome of the earlier run, still
        unwritten, would then finish the row.
        """
        release(self._pool.withdraw(), self._recorder)
        self._settled = self._recorder.settle()
        self._held.compare_soon()

    # Called in other threads --------------------------------------------------------------

    def _on_ended(self, job: Job, outcome: Outcome | None) -> None:
        """Record the ``outcome`` of ``job``.

        It is None if ``job.terminate()`` recorded one, or if another worker has the job by now.
        """
        if outcome is None:
            self._on_decided([job])
            return
        seconds = outcome.ended - outcome.began
        self._pace.observe(seconds)
        events.tell(events.AttemptEnded(job, outcome.status, seconds))
        if outcome.is_recorded:
            job.status = outcome.status
            self._on_decided([job])
            self._announcer.put(job)
        else:
            self._recorder.put(job, outcome)

    def _on_decided(self, jobs: Sequence[Job]) -> None:
        """Let go of ``jobs``: each outcome is decided, written or stale."""
        if self._held.let_go(jobs) and self._idling.wants_room:
            self._wakeup.set()
        self._pool.leave_last_chance(jobs)

    def _on_freed(self) -> None:
        """Wake the loop for a free slot, but only if it waits: a wake-up costs a system call."""
        if self._idling.wants_room or self.stop_order.is_given:
            self._wakeup.set()
