"""One slot: a thread that runs one job after another."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextvars import Context
from typing import Any, Protocol

from django.db import connections

from pgjobs.choices import JobStatus
from pgjobs.execution.attempt import attempt, in_thread
from pgjobs.models import Job
from pgjobs.rows.outcome import Outcome
from pgjobs.worker.busy import Busy
from pgjobs.worker.engine_thread import EngineThread
from pgjobs.worker.leftovers import drop_dead, leave_clean
from pgjobs.worker.slots.event_loop import EventLoop
from pgjobs.worker.slots.heavy import attempt_heavy
from pgjobs.worker.slots.isolated import Isolation
from pgjobs.worker.slots.last_chance import attempt_last_chance
from pgjobs.worker.slots.on_loop import OnLoop, is_for_loop
from pgjobs.worker.slots.stoppable import Stoppable


class Work(Protocol):
    """Where a slot takes its jobs from, and where it hands their outcomes to: the pool."""

    loop: EventLoop
    isolation: Isolation
    on_ended: Callable[[Job, Outcome | None], None]

    def next_job(self) -> Job | None: ...
    def next_job_at_once(self) -> Job | None: ...


class Slot(Stoppable):
    """Room for one running job, for as long as the worker lives.

    The slot's thread runs its jobs. While coroutines follow each other, the event loop takes the
    thread's place: a change of thread costs more than a short job does.
    """

    def __init__(self, number: int, work: Work) -> None:
        self._work = work
        self._on_loop = OnLoop(self, work)
        super().__init__()
        self.ended = 0
        self.ending = Busy()
        """The step after a job, in which its outcome is handed on."""
        self.thread = EngineThread(f"pgjobs-slot-{number}", self._run)
        self.thread.pgjobs_slot = self  # type: ignore[attr-defined]

    def _run(self) -> None:
        while (job := self._next_job()) is not None:
            if self.connections:
                drop_dead()
            # A context of its own: if a job activates a language, the next one must not speak it.
            outcome = Context().run(in_thread, self._attempt(job))
            self.end(job, outcome)
        connections.close_all()

    def _next_job(self) -> Job | None:
        """Return the next job that needs the thread, after the loop has run the jobs before it."""
        job = self._work.next_job()
        while job is not None and is_for_loop(job, self._work.isolation):
            job = self._on_loop.run(job) or self._work.next_job()
        return job

    def end(self, job: Job, outcome: Outcome | None) -> None:
        # In this order: a burst that found no job in hand, and no outcome with the recorder either,
        # would end while this job may be due again.
        self.ending.begin()
        self._work.on_ended(job, outcome)
        self.ended += 1
        self.ending.rest()

    def _attempt(self, job: Job) -> Coroutine[Any, Any, Outcome | None]:
        steps = self._work.isolation.steps_for(job)
        if steps is None:
            steps = attempt_heavy if job.is_heavy else attempt
        return attempt_last_chance(job, self, steps) if job.is_last_chance else steps(job, self)

    # Called by the steps of an attempt --------------------------------------------------

    async def wait_for(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        return self._on_loop.wait_in_thread(coroutine)

    def has_left_transaction_open(self, outcome: Outcome) -> bool:
        # To ask Django costs as much as a short job. `connections` lacks only those whose set-up
        # failed, and a job that met such a connection has raised its error.
        may_have = bool(self.connections) or outcome.status != JobStatus.COMPLETED
        return may_have and leave_clean()
