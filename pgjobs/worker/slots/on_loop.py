"""Coroutine jobs of one slot, on the event loop that all slots share."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Coroutine
from contextvars import Context
from queue import SimpleQueue
from typing import Any, Final, Protocol

from pgjobs.exceptions import JobInterrupted
from pgjobs.execution.attempt import attempt
from pgjobs.execution.coroutine import is_all_coroutine
from pgjobs.execution.runner import Runner
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.slots.awaited import awaited
from pgjobs.worker.slots.event_loop import EventLoop
from pgjobs.worker.slots.isolated import Isolation
from pgjobs.worker.slots.preparing import give_back
from pgjobs.worker.slots.stoppable import StopElsewhere


class Slot(Protocol):
    """The slot, as the loop sees it: the loop takes the place of the slot's thread."""

    stop_request: JobInterrupted | None

    def begin(self, job: Job, *, elsewhere: StopElsewhere) -> None: ...
    def finish(self) -> None: ...
    def move(self, elsewhere: StopElsewhere | None) -> None: ...
    def end(self, job: Job, outcome: Outcome | None) -> None: ...


class Work(Protocol):
    """Where the next job comes from."""

    loop: EventLoop
    isolation: Isolation

    def next_job_at_once(self) -> Job | None: ...


_TURN: Final = 0.005
"""Seconds in which jobs that don't wait follow each other, while the loop does nothing else."""


class OnLoop(Runner):
    """Runs coroutine jobs one after another, until the next job needs the slot's thread."""

    def __init__(self, slot: Slot, work: Work) -> None:
        self._slot = slot
        self._work = work
        self._task: asyncio.Task[Any] | None = None
        self._is_starting = False
        self._back: SimpleQueue[Job | BaseException | None] = SimpleQueue()

    # Called by the slot's thread --------------------------------------------------------

    def run(self, job: Job) -> Job | None:
        """Run ``job`` and the coroutines that follow it; return the next job for the thread.

        None means that no job is ready. An exception of a job becomes its outcome; any other
        exception on the way is raised here.
        """
        try:
            loop = self._work.loop.get()
        except OSError as error:  # a loop needs descriptors, and other jobs may have taken all
            self._slot.end(job, give_back(job, error))
            return None
        self._slot.begin(job, elsewhere=self.cancel)
        loop.call_soon_threadsafe(self._run_all, job)
        back = self._back.get()
        if isinstance(back, BaseException):
            raise back
        return back

    def wait_in_thread(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Wait in the thread for ``coroutine`` of a job that began there; return its result."""
        self._slot.move(self.cancel)
        try:
            return asyncio.run_coroutine_threadsafe(
                self.wait_for(coroutine), self._work.loop.get()
            ).result()
        finally:
            self._slot.move(None)

    def cancel(self, _reason: JobInterrupted) -> None:
        """Raise the slot's stop request inside the running coroutine; any thread may call this."""
        if (loop := self._work.loop.running) is not None:  # get() may wait for a thread's start
            loop.call_soon_threadsafe(self._cancel)

    # Called by the loop -----------------------------------------------------------------

    def _run_all(self, job: Job) -> None:
        """Run ``job``, which has begun, and the coroutines that follow it, until one has to wait.

        The one that waits goes on with those that follow it. After a while the loop has its turn.
        """
        turn_ends = time.monotonic() + _TURN
        try:
            while self._ends_at_once(job):
                following = self._next()
                if following is None:
                    return
                job = following
                if time.monotonic() > turn_ends:
                    asyncio.get_running_loop().call_soon(self._run_all, job)
                    return
        except BaseException as error:  # around the job, not in it: it ends the slot's thread
            self._back.put(error)

    def _ends_at_once(self, job: Job) -> bool:
        self._is_starting = True
        try:
            task = _start(self._run(job))
            return task.done() and task.result()
        finally:
            self._is_starting = False

    async def _run(self, job: Job) -> bool:
        """Run ``job``; return whether the slot goes on."""
        try:
            self._slot.end(job, await attempt(job, self))
            if not self._is_starting and (following := self._next()) is not None:
                self._run_all(following)
        except BaseException as error:
            self._back.put(error)
            return False
        return True

    def _next(self) -> Job | None:
        """Begin and return the next job for the loop; give any other to the slot's thread."""
        job = self._work.next_job_at_once()
        if job is None or not is_for_loop(job, self._work.isolation):
            self._back.put(job)
            return None
        self._slot.begin(job, elsewhere=self.cancel)
        return job

    def _cancel(self) -> None:
        # Since the request its job may have ended without a wait, and the next job may have begun
        # in the same turn of the loop. The next job has no stop request.
        if self._task is not None and self.stop_request is not None:
            self._task.cancel()

    # Called by the steps of an attempt --------------------------------------------------

    @property
    def stop_request(self) -> JobInterrupted | None:  # type: ignore[override]
        return self._slot.stop_request

    def begin(self, job: Job) -> None:
        """Do nothing: the slot began ``job`` when the job was put in line for the loop.

        The time in line counts, because a blocked loop must not hide a job from its timeout.
        """

    def finish(self) -> None:
        self._slot.finish()

    async def wait_for(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        # asyncio keeps only weak references to tasks. If only the coroutine refers to the object
        # that it waits for, this reference alone keeps its task from the garbage collector.
        self._task = asyncio.current_task()
        try:
            return await awaited(coroutine, self)
        finally:
            self._task = None


def is_for_loop(job: Job, isolation: Isolation) -> bool:
    """Return whether the event loop can take all steps of ``job``."""
    return is_all_coroutine(job) and isolation.steps_for(job) is None


def _start(coroutine: Coroutine[Any, Any, bool]) -> asyncio.Task[bool]:
    """Return a task that has run ``coroutine`` up to its first wait, or to its end.

    A turn of the loop costs more than a short job. Before Python 3.12 each task takes one.
    """
    loop, context = asyncio.get_running_loop(), Context()
    if sys.version_info >= (3, 12):
        return asyncio.Task(coroutine, loop=loop, context=context, eager_start=True)
    return asyncio.Task(coroutine, loop=loop, context=context)
