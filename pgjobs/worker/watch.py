"""Stops jobs that run too long or on a lost worker; ends the process if a job does not stop."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pgjobs import events
from pgjobs.conf import get_settings
from pgjobs.exceptions import WorkerLost
from pgjobs.execution.judging import give_up
from pgjobs.worker.busy import Busy
from pgjobs.worker.engine_thread import EngineThread
from pgjobs.worker.held import FLUSH_TIMEOUT, release, release_running
from pgjobs.worker.liveness.presence import Presence
from pgjobs.worker.recording.recorder import Recorder
from pgjobs.worker.slots.pool import Pool
from pgjobs.worker.slots.slot import Slot

INTERVAL: Final = 0.2
"""Seconds between looks: how far past its limit a job can get."""
_SURE: Final = 3
"""Looks in a row that must find the worker lost before its jobs are told to stop."""


class Watch:
    """Looks at the clocks of the slots and of the worker.

    A job that runs longer than its timeout gets JobTimeout raised inside it. If a job was told to
    stop, for any reason, and still runs after KILL_GRACE seconds, the watch ends the process:
    nothing less stops code that does not come back to Python.

    If the worker has sent no heartbeat for too long, all its jobs are told to stop. The watch does
    that, and not the presence, because the thread that sends heartbeats may be the one that hangs.
    """

    def __init__(
        self,
        pool: Pool,
        presence: Presence,
        recorder: Recorder,
        *,
        end_process: Callable[[], None] | None,
    ) -> None:
        """``end_process`` is None if no supervisor would start the process again."""
        self._pool = pool
        self._presence = presence
        self._recorder = recorder
        self._end_process = end_process
        self._lost_looks = 0
        self._stopping = threading.Event()
        self._busy = Busy()
        self._thread = EngineThread("pgjobs-watch", self._run)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout: float) -> None:
        self._stopping.set()
        self._pool.busy.set()
        self._thread.join(timeout)

    @property
    def busy_for(self) -> float:
        """Seconds that the look at one slot has taken; 0 between two looks."""
        return self._busy.seconds

    def _run(self) -> None:
        while not self._stopping.wait(INTERVAL):
            if self._pool.in_hand:
                self._look()
                self._busy.rest()
            else:
                self._pool.rest()

    def _look(self) -> None:
        self._busy.begin()
        self._pool.beat()
        self._presence.attend()
        self._stop_all_if_lost()
        for slot in self._pool.slots:
            self._busy.begin()
            slot.stop_if_late()  # may wait seconds for the server, and the next one again
            self._pool.beat()
            slot.kill_if_overweight()
            grace = get_settings().KILL_GRACE
            if slot.ignores_stop(grace) and not slot.kill_process(grace):
                self._give_up(slot)

    def _stop_all_if_lost(self) -> None:
        """Tell all jobs to stop if other workers may be about to take them."""
        if not self._presence.is_lost:
            self._lost_looks = 0
            return
        self._lost_looks += 1
        if self._lost_looks == 1:
            self._presence.hurry()  # the process may have been paused: a heartbeat comes first
        if self._lost_looks >= _SURE:
            for job, _ in self._pool.running():
                self._pool.request_stop(job, WorkerLost("The worker can't reach the database."))

    def _give_up(self, slot: Slot) -> None:
        """Record that the job of ``slot`` does not stop, release its neighbours, end the process.

        If ``end_process`` is None, do nothing: no supervisor would start the process again.
        """
        job, told = slot.job, slot.stop_request
        if self._end_process is None or job is None or told is None:
            return
        events.tell(events.StopIgnored(job))
        error = type(told)(f"{told} It did not end when told to, so its process was ended.")
        self._presence.draining = True
        job_id, epoch, worker = slot.identity
        given_up = give_up(job, error, began=slot.since)
        self._recorder.put(job, replace(given_up, job_id=job_id, epoch=epoch, worker_id=worker))
        # Before their processes are killed: a slot without a process has no job to release.
        neighbours = [(other, row) for other, row in self._pool.running() if other is not job]
        self._pool.kill_processes()  # before others can have their jobs
        # Before the recorder stops, which writes these releases: the neighbours cost no attempt.
        release(self._pool.withdraw(), self._recorder)
        release_running(neighbours, self._recorder)
        self._recorder.stop(FLUSH_TIMEOUT)
        # After the outcomes: if a job were still running under the worker's row, the row would not
        # end, and other workers would rescue its jobs as jobs of a dead worker.
        self._presence.stop(1.0)
        self._end_process()
