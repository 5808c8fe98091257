"""The slots of one worker, and the queue of claimed jobs that they pull from."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from pgjobs.exceptions import JobInterrupted
from pgjobs.log_lines.makers import remember_makers
from pgjobs.models import Job
from pgjobs.rows.notes import Note
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.slots.event_loop import EventLoop
from pgjobs.worker.slots.isolated import Isolation
from pgjobs.worker.slots.last_chance import LastChances
from pgjobs.worker.slots.logging_handlers import let_stop_requests_pass
from pgjobs.worker.slots.slot import Slot
from pgjobs.worker.slots.stoppable import Identity


class Pool:
    """Holds claimed jobs until a slot takes them."""

    def __init__(
        self,
        size: int,
        *,
        isolation: Isolation,
        on_ended: Callable[[Job, Outcome | None], None],
        note: Callable[[Note], None],
        on_freed: Callable[[], None],
    ) -> None:
        """Make ``size`` slots.

        A slot calls ``on_ended`` with each job that ended, and its outcome or None. A running job
        calls ``note`` with each of its notes. ``on_freed`` is called each time that a slot
        comes for a job while at most half of the last batch waits.
        """
        self.isolation = isolation
        self.on_ended = on_ended
        self._note = note
        self._on_freed = on_freed
        self._ready: SimpleQueue[Job | None] = SimpleQueue()
        self._batches: deque[tuple[int, float]] = deque()
        self._submitted = 0
        self._withdrawn = 0
        self._low_water = 0
        self._last_chances = LastChances()
        self.busy = threading.Event()
        """Set while jobs are in hand, and afterwards until ``wait_for_jobs()``."""
        self.loop = EventLoop()
        self.slots = [Slot(number, self) for number in range(size)]

    def start(self) -> None:
        let_stop_requests_pass()
        remember_makers()
        self.isolation.prepare()
        for slot in self.slots:
            slot.thread.start()

    @property
    def in_hand(self) -> int:
        """How many jobs are claimed and have not ended."""
        return self._submitted - self._withdrawn - sum(slot.ended for slot in self.slots)

    @property
    def ending_for(self) -> float:
        """Seconds for which a slot has not come on from a job that has ended; 0 if none hangs."""
        return max((slot.ending.seconds for slot in self.slots), default=0.0)

    @property
    def has_waiting(self) -> bool:
        """Whether a job waits for a slot to be free."""
        return not self._ready.empty()

    def waits_since(self) -> float | None:
        """Return the `time.monotonic()` since which the first job in line waits for a slot.

        Return None if no job waits. Only the thread that calls ``submit()`` may call this.
        """
        batches = self._batches.copy()
        left, since = self._ready.qsize(), None
        while batches and left > 0:  # the newest batches are the last in line
            size, since = batches.pop()
            left -= size
        for _ in batches:  # a slot has taken their last job
            self._batches.popleft()
        return since

    def submit(self, jobs: list[Job], *, since: float | None = None) -> None:
        """Queue ``jobs`` for the slots; ``since`` is the moment since which they have waited."""
        self._submitted += len(jobs)
        self._low_water = len(jobs) // 2
        for job in jobs:
            job.note_sink = self._note
        self._queue(jobs, time.monotonic() if since is None else since)
        if jobs and not self.busy.is_set():
            self.busy.set()

    def beat(self) -> None:
        """Let the processes of jobs live on."""
        if self.isolation.crew is not None:
            self.isolation.crew.beat()

    def kill_processes(self) -> None:
        """Kill the processes of jobs. The slots then return no outcomes for them."""
        if self.isolation.crew is not None:
            self.isolation.crew.kill_all()

    def rest(self) -> None:
        """Return once jobs are in hand, or once another thread sets ``busy``."""
        if self.isolation.crew is not None:
            self.isolation.crew.rest()
        self.busy.clear()
        # After the flag is lowered: jobs that were submitted before have not raised it.
        if not self.in_hand:
            self.busy.wait()

    def next_job(self) -> Job | None:
        """Return the next job for a slot; None tells it to end."""
        return self._next_job(self._ready.get)

    def next_job_at_once(self) -> Job | None:
        """Return the next job; None if the slot's thread must wait for it in ``next_job()``."""
        try:
            job = self._next_job(self._ready.get_nowait)
        except Empty:
            return None
        if job is None:
            self._ready.put(None)  # the slot's thread must take it, to end
        return job

    def _next_job(self, get: Callable[[], Job | None]) -> Job | None:
        while True:
            if self._ready.qsize() <= self._low_water:
                self._on_freed()
            job = get()
            if job is None or not job.is_last_chance or self._last_chances.take(job):
                return job

    def leave_last_chance(self, jobs: Sequence[Job]) -> None:
        """If one of ``jobs`` was the running last chance, queue the jobs that waited for it.

        The outcomes of ``jobs`` must be decided: written or stale.
        """
        if waiting := self._last_chances.leave(jobs):
            self._queue(waiting, time.monotonic())

    def _queue(self, jobs: list[Job], since: float) -> None:
        self._batches.append((len(jobs), since))
        for job in jobs:
            self._ready.put(job)

    def withdraw(self) -> list[Job]:
        """Take back the jobs that no slot has started."""
        waiting = self._last_chances.withdraw()
        self._withdrawn += len(waiting)
        return waiting + self.withdraw_ready()

    def withdraw_ready(self) -> list[Job]:
        """Take back the jobs that wait for a free slot, and leave last chances waiting."""
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

    def running(self, *, longer_than: float = 0.0) -> list[tuple[Job, Identity]]:
        """Return the jobs that have run for ``longer_than`` seconds at this moment.

        Each comes with what names its row: ``run()`` may change these attributes of the job.
        """
        now = time.monotonic()
        running = []
        for slot in self.slots:
            identity, job = slot.identity, slot.job
            # A slot may have begun another job between the two.
            if job is not None and slot.identity is identity and now - slot.since >= longer_than:
                running.append((job, identity))
        return running

    def request_stop(self, job: Job, reason: JobInterrupted) -> None:
        """Tell ``job`` to stop, if it still runs."""
        for slot in self.slots:
            slot.request_stop(job, reason)

    def stop(self, timeout: float) -> None:
        """Let the slots end, and wait ``timeout`` seconds for the jobs that still run.

        The thread of a job that runs longer is left behind, as a daemon.
        """
        for _ in self.slots:
            self._ready.put(None)
        deadline = time.monotonic() + timeout
        for slot in self.slots:
            slot.thread.join(max(0.0, deadline - time.monotonic()))
        self.loop.stop()
