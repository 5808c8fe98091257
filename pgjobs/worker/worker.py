"""The loop: claim, hand to slots, record; start, drain, stop."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import psycopg
from django.db import DatabaseError, ProgrammingError, router

from pgjobs import events
from pgjobs.conf import get_settings
from pgjobs.execution.verdict import verdict
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.sql import load
from pgjobs.worker.backoff import Backoff
from pgjobs.worker.claiming.claimer import Claimer
from pgjobs.worker.claiming.doorbell import Doorbell
from pgjobs.worker.claiming.pace import Pace
from pgjobs.worker.companion import Companion
from pgjobs.worker.connection import LAZY_COMMIT, EngineConnection
from pgjobs.worker.liveness.janitor import Janitor
from pgjobs.worker.liveness.presence import Presence
from pgjobs.worker.options import WorkerOptions
from pgjobs.worker.recording.announcer import Announcer
from pgjobs.worker.recording.recorder import LARGEST_BATCH, LOCK_TIMEOUT, Recorder
from pgjobs.worker.slots.pool import Pool
from pgjobs.worker.slots.slot import Slot
from pgjobs.worker.startup import Arrival
from pgjobs.worker.wakeup import Wakeup
from pgjobs.worker.watch import Watch

LOOK_INTERVAL: Final = 0.5
"""Seconds between looks while busy: how long a job that committed late can be overlooked."""
COUNT_INTERVAL: Final = 10.0
"""Seconds between counts of what the worker holds; after a lost connection it counts at once."""
MOST_UNRECORDED: Final = 3 * LARGEST_BATCH
"""Ended jobs whose outcomes are not written yet, before the worker claims no more."""
FLUSH_TIMEOUT: Final = 10.0
"""Seconds that a stopping worker tries to write its last outcomes."""
_BURST_PAUSE: Final = 0.02


class Worker:
    """One process that claims jobs and runs them until told to stop."""

    def __init__(
        self,
        options: WorkerOptions,
        *,
        companions: Sequence[Companion] = (),
        end_process: Callable[[], None] | None = None,
    ) -> None:
        alias = router.db_for_write(Job)
        self.options = options
        self._companions = companions
        self._end_process = end_process
        self._wakeup = Wakeup()
        self._arrival = Arrival(self._wakeup, is_told_to_stop=lambda: self._stopping)
        self._claims = EngineConnection.with_session(alias, "claims", LAZY_COMMIT)
        self._claimer = Claimer(self._claims, options.queues)
        self._bell = Doorbell(self._claims, options.queues)
        self._announcer = Announcer()
        self._recorder = Recorder(
            EngineConnection(alias, "records", LOCK_TIMEOUT),
            recorded=self._announcer.put,
            hears=self._announcer.hears,
            decided=self._let_go,
        )
        self._pace = Pace(options.concurrency)
        self._pool = Pool(
            options.concurrency,
            ended=self._job_ended,
            note=self._recorder.note,
            freed=self._slot_freed,
        )
        self._janitor = Janitor(ring=_ring_for_rescued)
        self._presence = Presence(
            EngineConnection.with_session(alias, "presence"),
            options,
            janitor=self._janitor,
            pool=self._pool,
        )
        self._watch = Watch(self._pool, self._presence, stuck=self._lose_slot)
        self._backoff = Backoff()
        self._settled = self._recorder.settle()
        self._stopping = False
        self._hurrying = False
        self._idle = False
        self._wants_room = False
        self._claimed = 0
        self._known: set[tuple[int, int]] = set()
        self._looked = 0.0
        self._next_look = 0.0
        self._next_count = 0.0
        self._waits_since = 0.0

    # Told from outside ------------------------------------------------------------------

    def stop(self) -> None:
        """Drain: claim no more, let running jobs end. Told twice: don't wait for them."""
        self._hurrying = self._stopping
        self._stopping = True
        self._wakeup.set()

    # The story --------------------------------------------------------------------------

    def run(self) -> bool:
        """Work until stopped, or until nothing is due in a burst.

        Return True if every job that was started also ended.
        """
        if not self._start():
            self._wakeup.close()
            return True
        try:
            while not self._is_done():
                self._guarded_turn()
        finally:
            ended = self._stop()
        return ended

    def _start(self) -> bool:
        """Begin as soon as the database is there; False if we are told to stop before that."""
        if not self._arrival.begin(self._presence.start):
            return False
        self._recorder.start()
        self._announcer.start()
        self._pool.start()
        self._watch.start()
        for companion in self._companions:
            self._arrival.begin(companion.start)
        options = self.options
        events.tell(
            events.WorkerStarted(
                self._presence.worker_id, options.name, options.queues, options.concurrency
            )
        )
        return True

    def _is_done(self) -> bool:
        if self._stopping:
            return True
        limit = self.options.max_jobs
        return limit is not None and self._claimed >= limit

    def _guarded_turn(self) -> None:
        """One turn of the loop, which outlives a lost database."""
        try:
            self._turn()
            self._backoff.reset()
        except (psycopg.ProgrammingError, ProgrammingError):
            events.tell(events.TablesMissing())
            raise  # waiting would not help
        except (psycopg.Error, DatabaseError) as error:
            if self._backoff.is_news:
                events.tell(events.DatabaseAway("claiming", error))
            self._claims.close()
            self._bell.waits = False
            self._distrust_claims()
            self._idle = True
            self._wakeup.wait(self._backoff.next())

    def _distrust_claims(self) -> None:
        """The connection is lost, and perhaps, in a server crash, the newest claims with it.

        Give back what has not started, and claim again only when all outcomes so far
        are recorded or refused: until then, a row that we claim again at the same
        epoch could be finished by its earlier run.
        """
        self._release(self._pool.withdraw())
        self._settled = self._recorder.settle()
        self._next_count = 0.0

    def _turn(self) -> None:
        if time.monotonic() >= self._next_count:
            self._count_jobs()
        self._hand_back_what_waits()
        room = self._room()
        if not room:
            self._wait_for_room()
        elif self._idle and not self._look():
            self._rest()
        else:
            self._claim(room)

    def _count_jobs(self) -> None:
        """Compare what we know we hold with what the rows say."""
        # Copied before the rows are read: what is let go meanwhile does not run there any more.
        # What is claimed is claimed by this thread.
        known = self._known.copy()
        self._janitor.take_back_unknown(self._claims, self._presence.worker_id, known)
        self._next_count = time.monotonic() + COUNT_INTERVAL

    def _room(self) -> int:
        if self._presence.is_fenced or not self._settled.is_set() or self._outran_the_recorder():
            return 0
        room = self._pace.room(self._pool.in_hand)
        if self.options.max_jobs is not None:
            room = min(room, self.options.max_jobs - self._claimed)
        return room

    def _outran_the_recorder(self) -> bool:
        """Too many outcomes wait to be written: all of them would run again if we died."""
        return len(self._known) - self._pool.in_hand > MOST_UNRECORDED

    def _claim(self, room: int) -> None:
        if time.monotonic() >= self._next_look:
            self._look()
        was_idle = self._idle
        jobs = self._claimer.claim(limit=room, worker=self._presence.worker_id)
        self._claimed += len(jobs)
        if not self._pool.has_waiting:
            self._waits_since = time.monotonic()
        self._pool.submit(self._unknown(jobs))
        self._idle = len(jobs) < room
        if was_idle and not jobs:
            self._rest()  # what the look found is locked by others; don't spin on it
        elif not self._idle:
            self._bell.get_up(self._presence.worker_id)

    def _unknown(self, jobs: list[Job]) -> list[Job]:
        """Leave out what runs here already, or has ended here and is not written yet: its first
        claim was undone, this one makes it good."""
        keys = [(job.id, job.epoch) for job in jobs]
        unknown = [job for job, key in zip(jobs, keys, strict=True) if key not in self._known]
        self._known.update(keys)
        return unknown

    def _look(self) -> bool:
        """See what is ready, with floors recomputed and due jobs promoted."""
        self._looked = time.monotonic()
        self._sight = self._claimer.look(ring=self._bell.ring)
        self._next_look = time.monotonic() + LOOK_INTERVAL
        return self._sight.ready

    def _rest(self) -> None:
        """Nothing is ready: register as idle, look once more, then sleep until woken."""
        if self.options.burst:
            self._rest_in_burst()
        elif not self._bell.waits:
            self._bell.sit_down(self._presence.worker_id)
        elif self._bell.has_rung or self._wakeup.wait(self._rest_seconds(), self._claims.current):
            self._bell.rung()
            self._idle = False

    def _rest_seconds(self) -> float:
        poll = get_settings().POLL_INTERVAL * random.uniform(0.8, 1.2)
        poll = min(poll, self._bell.second_look_in(self._looked))
        if self._pool.has_waiting:
            poll = min(poll, LOOK_INTERVAL)
        due_in = self._sight.due_in
        return poll if due_in is None else min(poll, max(due_in, 0.001))

    def _rest_in_burst(self) -> None:
        is_idle = self._pool.in_hand == 0 and all(part.is_idle() for part in self._companions)
        # What just ended may have enqueued more, or be due again at once: only a look after its
        # outcome is written counts.
        if is_idle and self._recorder.settle().wait(LOOK_INTERVAL) and not self._look():
            self._stopping = True
        else:
            self._wakeup.wait(_BURST_PAUSE)

    def _wait_for_room(self) -> None:
        """All slots are busy and enough is in hand: leave the bell to others until one is free."""
        self._bell.get_up(self._presence.worker_id)
        self._wants_room = True
        if not self._room():
            self._wakeup.wait(LOOK_INTERVAL)
        self._wants_room = False

    def _hand_back_what_waits(self) -> None:
        """Give to others what was claimed ahead of slots that run longer jobs than we had seen."""
        now = time.monotonic()
        if not self._pool.has_waiting or self._pool.last_start > self._waits_since:
            self._waits_since = now
        elif now - self._waits_since >= LOOK_INTERVAL:
            waiting = self._pool.withdraw_ready()
            self._pace.observe(LOOK_INTERVAL)
            self._claimed -= len(waiting)
            self._release(waiting)

    # Called by slots ---------------------------------------------------------------------

    def _job_ended(self, job: Job, outcome: Outcome | None) -> None:
        if outcome is None:
            self._let_go([job])
            return
        seconds = outcome.ended - outcome.began
        self._pace.observe(seconds)
        events.tell(events.AttemptEnded(job, outcome.status, seconds))
        if outcome.is_recorded:
            job.status = outcome.status
            self._let_go([job])
            self._announcer.put(job)
        else:
            self._recorder.put(job, outcome)

    def _lose_slot(self, slot: Slot) -> None:
        """A job ignores being told to end: record that, hand back its neighbours, end the process.

        Nothing short of that stops code that does not come back to Python. Where nobody
        would start the process again, the slot is left to the job.
        """
        job, told = slot.job, slot.told
        if self._end_process is None or job is None or told is None:
            return
        events.tell(events.StopIgnored(job))
        error = type(told)(f"{told} It did not end when told to, so its process was ended.")
        self._presence.draining = True
        self._recorder.put(job, replace(verdict(error, job), began=slot.since))
        self._release(self._pool.withdraw())
        self._release([neighbour for neighbour in self._pool.running() if neighbour is not job])
        self._recorder.stop(FLUSH_TIMEOUT)
        self._presence.stop(1.0)
        self._end_process()

    def _let_go(self, jobs: Sequence[Job]) -> None:
        before = len(self._known)
        self._known.difference_update([(job.id, job.epoch) for job in jobs])
        if self._wants_room and len(self._known) <= MOST_UNRECORDED < before:
            self._wakeup.set()  # once on the way down, and not for each batch
        self._pool.leave_last_chance(jobs)

    def _slot_freed(self) -> None:
        if self._wants_room or self._stopping:
            self._wakeup.set()

    # The end -----------------------------------------------------------------------------

    def _stop(self) -> bool:
        """In this order: no new jobs, running ones end, outcomes are written, then we sign off."""
        self._presence.draining = True
        deadline = time.monotonic() + self.options.shutdown_timeout.total_seconds()
        events.tell(events.WorkerStopping(self._presence.worker_id))
        if self.options.max_jobs is None or self._stopping:
            self._release(self._pool.withdraw())
        self._stopping = True
        for companion in self._companions:
            companion.drain()
        while self._is_busy() and not self._hurrying and time.monotonic() < deadline:
            self._wakeup.wait(min(0.1, max(deadline - time.monotonic(), 0)))
        for companion in self._companions:
            companion.stop(1.0)
        cut_off = self._pool.running()
        self._release(cut_off)
        self._watch.stop(1.0)
        self._pool.stop(0.5 if cut_off else 5.0)
        written = self._recorder.stop(FLUSH_TIMEOUT)
        self._announcer.stop(FLUSH_TIMEOUT)
        self._claims.close()
        self._presence.stop(5.0)
        self._wakeup.close()
        events.tell(events.WorkerStopped(self._presence.worker_id, len(cut_off)))
        return written and not cut_off

    def _is_busy(self) -> bool:
        return self._pool.in_hand > 0 or not all(part.has_ended() for part in self._companions)

    def _release(self, jobs: list[Job]) -> None:
        """Hand jobs back, free of charge; the epoch refuses what a cut-off one may still say."""
        for job in jobs:
            self._recorder.put(job, Outcome.released(job.id, job.epoch, job.worker_id))


def _ring_for_rescued(connection: EngineConnection, queues: list[str]) -> None:
    connection.cursor().execute(
        load("ring"), {"queues": sorted(set(queues)), "workers": len(queues)}
    )
