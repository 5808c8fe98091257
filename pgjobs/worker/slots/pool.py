"""The slots of one worker, the queue that they pull from, and their event loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from pgjobs.exceptions import JobInterrupted
from pgjobs.models import Job
from pgjobs.rows.notes import Note
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.slots.slot import Slot

Ended = Callable[[Job, Outcome | None], None]


class Pool:
    """Hands claimed jobs to slots. Slots pull: nothing is pushed per job."""

    def __init__(
        self, size: int, *, ended: Ended, note: Callable[[Note], None], freed: Callable[[], None]
    ) -> None:
        self.has_ended = ended
        self.note = note
        self._freed = freed
        self._ready: SimpleQueue[Job | None] = SimpleQueue()
        self._submitted = 0
        self._withdrawn = 0
        self._low_water = 0
        self.slots = [Slot(number, self) for number in range(size)]
        self._last_chance: Job | None = None
        self._waiting_for_it: list[Job] = []
        self._last_chance_lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._loop_lock = threading.Lock()

    def start(self) -> None:
        for slot in self.slots:
            slot.thread.start()

    @property
    def in_hand(self) -> int:
        """Jobs claimed and not yet ended."""
        return self._submitted - self._withdrawn - sum(slot.ended for slot in self.slots)

    @property
    def has_waiting(self) -> bool:
        """Whether a job waits for a slot to be free."""
        return not self._ready.empty()

    @property
    def last_start(self) -> float:
        """When a slot last took a job, by `time.monotonic()`."""
        return max(slot.since for slot in self.slots)

    def submit(self, jobs: list[Job]) -> None:
        self._submitted += len(jobs)
        self._low_water = len(jobs) // 2
        for job in jobs:
            self._ready.put(job)

    def next_job(self) -> Job | None:
        """Return the next job for a slot; None tells it to end."""
        return self._next_job(self._ready.get)

    def next_job_at_once(self) -> Job | None:
        """The same without waiting: None tells the slot to wait in its thread."""
        try:
            job = self._next_job(self._ready.get_nowait)
        except Empty:
            return None
        if job is None:
            self._ready.put(None)  # it is the slot's thread that must hear of the end
        return job

    def _next_job(self, get: Callable[[], Job | None]) -> Job | None:
        while True:
            if self._ready.qsize() <= self._low_water:
                self._freed()
            job = get()
            if job is None or not job.is_last_chance or self._take_last_chance(job):
                return job

    def _take_last_chance(self, job: Job) -> bool:
        """Let one such job run at a time: if the process dies, it is the one to blame."""
        with self._last_chance_lock:
            if self._last_chance is not None:
                self._waiting_for_it.append(job)
                return False
            self._last_chance = job
            return True

    def leave_last_chance(self, jobs: Sequence[Job]) -> None:
        """Make way for the next one, if one of ``jobs``, whose outcomes are safe, held the place.

        Sooner, the next one could take the process with it, and that job would be blamed too.
        """
        if self._last_chance is None or self._last_chance not in jobs:
            return
        with self._last_chance_lock:
            self._last_chance = None
            waiting, self._waiting_for_it = self._waiting_for_it, []
        for job in waiting:
            self._ready.put(job)

    def withdraw(self) -> list[Job]:
        """Take back the jobs that no slot has started."""
        with self._last_chance_lock:
            waiting, self._waiting_for_it = self._waiting_for_it, []
        self._withdrawn += len(waiting)
        return waiting + self.withdraw_ready()

    def withdraw_ready(self) -> list[Job]:
        """Take back the jobs that any slot could have started, had one been free."""
        unstarted = []
        while True:
            try:
                job = self._ready.get_nowait()
            except Empty:
                break
            if job is not None:
                unstarted.append(job)
        self._withdrawn += len(unstarted)
        return unstarted

    def running(self, *, longer_than: float = 0.0) -> list[Job]:
        """Return the jobs that have run for ``longer_than`` seconds at this moment."""
        now = time.monotonic()
        return [
            job
            for slot in self.slots
            if (job := slot.job) is not None and now - slot.since >= longer_than
        ]

    def interrupt(self, job: Job, error: JobInterrupted) -> None:
        """Tell ``job`` to end, if it still runs."""
        for slot in self.slots:
            slot.interrupt(job, error)

    def stop(self, timeout: float) -> None:
        """Let idle slots end; those that still run are left behind, as daemons."""
        for _ in self.slots:
            self._ready.put(None)
        deadline = time.monotonic() + timeout
        for slot in self.slots:
            slot.thread.join(max(0.0, deadline - time.monotonic()))
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop that all coroutine jobs share, started when first needed."""
        with self._loop_lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=_run_for_good, args=[self._loop], name="pgjobs-loop", daemon=True
                ).start()
            return self._loop


def _run_for_good(loop: asyncio.AbstractEventLoop) -> None:
    """Run ``loop`` until it is stopped, and not only until a job exits.

    A coroutine that raises one of these ends with it, and the loop passes it on to its
    caller all the same: every coroutine of the process would stand still.
    """
    while True:
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            continue
        if not asyncio.all_tasks(loop):  # one that was cut off may still be told something
            loop.close()
        return
