"""How the parts of a worker start and stop, and the reason for their order."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from pgjobs import events
from pgjobs.conf import get_settings
from pgjobs.models import Job
from pgjobs.sql import load_all
from pgjobs.worker.companion import Companion
from pgjobs.worker.connection import EngineConnection
from pgjobs.worker.held import FLUSH_TIMEOUT, release, release_running
from pgjobs.worker.liveness.presence import Presence
from pgjobs.worker.liveness.pruning import Pruning
from pgjobs.worker.options import WorkerOptions
from pgjobs.worker.recording.announcer import Announcer
from pgjobs.worker.recording.recorder import Recorder
from pgjobs.worker.slots.pool import Pool
from pgjobs.worker.startup import Arrival
from pgjobs.worker.stop_order import StopOrder
from pgjobs.worker.wakeup import Wakeup
from pgjobs.worker.watch import Watch


@dataclass(kw_only=True, slots=True)
class Lifetime:
    """Starts and stops the parts of one worker."""

    options: WorkerOptions
    stop_order: StopOrder
    wakeup: Wakeup
    claims: EngineConnection
    presence: Presence
    recorder: Recorder
    announcer: Announcer
    pool: Pool
    watch: Watch
    pruning: Pruning
    companions: Sequence[Companion]

    def start(self) -> bool:
        """Start as soon as the database answers; return False if a stop order comes before that."""
        load_all()
        arrival = Arrival(self.wakeup, self.stop_order)
        # First, because the loop claims under the id of the worker's row. The companions last: they
        # too may have to wait for the database, and the heartbeat must not wait for them.
        if not arrival.begin(self.presence.start):
            self.wakeup.close()
            return False
        self.recorder.start()
        self.announcer.start()
        self.pool.start()
        self.watch.start()
        self.pruning.start()
        self.presence.bulk_actions.start()
        for companion in self.companions:
            arrival.begin(companion.start)
        options = self.options
        events.tell(
            events.WorkerStarted(
                self.presence.worker_id, options.name, options.queues, options.concurrency
            )
        )
        return True

    def stuck(self) -> tuple[str, float] | None:
        """Return the part that has not gone on for a whole lease, and these seconds, or None.

        A part that tries again and again to reach the database goes on, unless the database is
        there and refuses each try.
        """
        parts = {
            "claiming": self.wakeup.busy_for,
            "recording": self.recorder.busy_for,
            "presence": max(self.presence.busy_for, self.presence.refused_for),
            "watch": self.watch.busy_for,
            "slots": self.pool.ending_for,
        }
        part = max(parts, key=lambda name: parts[name])
        return (part, parts[part]) if parts[part] > get_settings().HEARTBEAT_TIMEOUT else None

    def stop(self) -> bool:
        """Stop; return whether each started job has ended and its outcome is written."""
        deadline = time.monotonic() + self.options.shutdown_timeout.total_seconds()
        is_worn = self.options.max_jobs is not None and not self.stop_order.is_given
        self._begin_to_drain()
        self._wait_for_running_jobs(deadline)
        cut_off = self._end_slots()
        is_written = self._write_last_outcomes()
        if is_worn:
            self._let_the_janitor_judge()
        self._sign_off()
        # After the recorder and the presence, which hand in the jobs to announce.
        self.announcer.stop(FLUSH_TIMEOUT)
        events.tell(events.WorkerStopped(self.presence.worker_id, len(cut_off)))
        return is_written and not cut_off

    def _begin_to_drain(self) -> None:
        # The next heartbeat says it, so that people see why this worker claims nothing.
        self.presence.draining = True
        events.tell(events.WorkerStopping(self.presence.worker_id))
        # Jobs that no slot has started go to other workers now. Later, slots that become free
        # would start them. But a worker that stops after `max_jobs` jobs has to run them all.
        if self.options.max_jobs is None or self.stop_order.is_given:
            release(self.pool.withdraw(), self.recorder)
        # From now on each slot that becomes free ends the wait below.
        self.stop_order.is_given = True
        # Before the wait: a companion that goes on to start tasks would never have ended.
        for companion in self.companions:
            companion.drain()

    def _wait_for_running_jobs(self, deadline: float) -> None:
        while self._is_busy() and not self.stop_order.is_urgent and time.monotonic() < deadline:
            self.wakeup.wait(min(0.1, max(deadline - time.monotonic(), 0)))
        # After the wait: stopped before it, a companion would cut off its running tasks.
        for companion in self.companions:
            companion.stop(1.0)

    def _is_busy(self) -> bool:
        return self.pool.in_hand > 0 or not all(part.has_ended() for part in self.companions)

    def _end_slots(self) -> list[Job]:
        """End the slots, and return the jobs that are cut off."""
        # Before the recorder stops, which writes the release. A job that is not released stays
        # running until another worker rescues it, and that counts as an interruption.
        cut_off = self.pool.running()
        # Before the release, after which another worker may run the job.
        self.pool.kill_processes()
        release_running(cut_off, self.recorder)
        # After the wait, in which the watch still stops late jobs. Before the slots end: the watch
        # could give up a cut-off job, and the process would end in the middle of these steps.
        self.watch.stop(1.0)
        # The slot of a cut-off job may never end, so a long wait would be in vain.
        self.pool.stop(0.5 if cut_off else 5.0)
        return [job for job, _ in cut_off]

    def _write_last_outcomes(self) -> bool:
        # After the slots, which hand in outcomes until they end.
        return self.recorder.stop(FLUSH_TIMEOUT)

    def _let_the_janitor_judge(self) -> None:
        # If each process ends after a job of 20 ms, none lives long enough for a second look at a
        # dead worker, whose jobs would wait for as long as there are others.
        until = time.monotonic() + get_settings().HEARTBEAT_TIMEOUT
        while not (self.presence.has_judged or self.stop_order.is_urgent):
            if time.monotonic() > until:
                return
            self.wakeup.wait(0.1)

    def _sign_off(self) -> None:
        # The loop has ended, so no claim and no ring follows.
        self.claims.close()
        self.pruning.stop(1.0)
        self.presence.bulk_actions.stop(1.0)
        # After all parts that hold jobs: the heartbeat must go on while jobs run and outcomes wait,
        # or another worker would rescue them. The row is ended only if no job runs under it.
        self.presence.stop(5.0)
        # No part waits any more.
        self.wakeup.close()
